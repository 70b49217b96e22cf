"""How each model family is brought from thinking to answering.

A *closer* ends the reasoning; an *opener* behind it leads straight into the answer, for kinds of
answer that have a form of their own. Which family has which is the engine's to know.
"""

from collections.abc import Sequence
from dataclasses import dataclass

PROMPT_END = 8
"""Tokens at the end of a prompt in which a thought that is closed from the start ends."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The words that end a thought.

    `end_marker` is the model's own end of thought: once it was generated there is nothing to
    close. `closer` includes it. `boxed_opener` leads into a boxed answer.
    """

    family: str
    end_marker: str
    closer: str
    boxed_opener: str = ""

    @property
    def last_words(self) -> str:
        """The part of the closer that still belongs to the reasoning."""
        return self.closer.partition(self.end_marker)[0].strip()


@dataclass(frozen=True, slots=True)
class PreparedClosing:
    """A closing in one engine's token ids, ready to be put behind a cut thought.

    `token_ids` are those of the closer and the opener, `end_ids` of the end marker.
    """

    token_ids: tuple[int, ...]
    end_ids: tuple[int, ...]
    last_words: str
    opener: str

    def ended_in(self, token_ids: Sequence[int]) -> int | None:
        """Where in `token_ids` the thought ended by itself; None if it is still open."""
        return find(self.end_ids, token_ids)

    def closes(self, prompt: Sequence[int]) -> bool:
        """Whether a prompt leaves no thought to close: it ends behind the end of one.

        That is how chat templates switch thinking off.
        """
        return find(self.end_ids, prompt[-PROMPT_END:]) is not None


def find(needle: Sequence[int], ids: Sequence[int]) -> int | None:
    """Where `needle` first stands in `ids`; None if it does not."""
    start = -1
    while True:
        try:
            start = ids.index(needle[0], start + 1)
        except ValueError:
            return None
        if tuple(ids[start : start + len(needle)]) == tuple(needle):
            return start
