"""A toy tokenizer: a word is a token, and so is a number, a space, or a marker."""

import re
from collections.abc import Sequence

THINK = "<think>"
THINK_END = "</think>"
END = 0
"""The id of the end of a text; it has no text of its own."""

_PIECE = re.compile(r"</?think>|<\|\w+\|>|\\boxed\{|\n+| ?\d+| ?[^\W\d]+|.", re.DOTALL)


class Vocabulary:
    """Pieces of text and their ids. A piece gets its id when it is first seen.

    Deterministic within one process only, which is all an engine's ids have to be.
    """

    def __init__(self) -> None:
        self._pieces = [""]
        self._ids: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._pieces)

    def ids(self, text: str) -> list[int]:
        """A text's token ids."""
        return [self.id(piece) for piece in _PIECE.findall(text)]

    def id(self, piece: str) -> int:
        """One piece's id."""
        found = self._ids.get(piece)
        if found is None:
            found = self._ids[piece] = len(self._pieces)
            self._pieces.append(piece)
        return found

    def text(self, ids: Sequence[int]) -> str:
        """What the ids say. Raises IndexError for an id that was never given out."""
        pieces = self._pieces
        return "".join([pieces[i] for i in ids])


def chat_prompt(messages: Sequence[dict[str, object]]) -> str:
    """A conversation as a DeepSeek-R1 template writes it: it opens the thought itself."""
    said = "".join(f"<|{m.get('role', 'user')}|>{_words(m.get('content'))}" for m in messages)
    return f"{said}<|assistant|>{THINK}\n"


def _words(content: object) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(content or "")
