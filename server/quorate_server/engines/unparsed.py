"""Telling thought from answer by their markers, where an engine sends both as content."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from quorate_sampling.closers import Closing
from quorate_sampling.engine import Delta


@dataclass(frozen=True, slots=True)
class Markers:
    """What stands around a thought, and the words around an answer that are no part of it."""

    start: str
    end: str
    answer: tuple[str, ...] = ()

    @classmethod
    def of(cls, closing: Closing) -> "Markers":
        return cls(closing.start_marker, closing.end_marker, closing.answer_marks)


@dataclass(slots=True, eq=False)
class Unparsed:
    """Decodes the chunks of one stream. A stream that does not begin with the start marker, or that
    the engine has parsed, is passed on as it is, but for the answer's marks.

    Text that may turn out to be the beginning of a marker is held back until it is known. `opens`
    tells a prompt (token ids) that has begun the thought, where the engine is known to parse none.
    """

    markers: Markers
    decode: Callable[[bytes], Delta]
    where: Literal["before", "thought", "answer"] = "before"
    opens: Callable[[Sequence[int]], bool] | None = None
    _held: str = field(default="", init=False)
    _at_start: bool = field(default=True, init=False)

    def __call__(self, data: bytes) -> Delta:
        """The next piece. Raises what `decode` raises."""
        piece = self.decode(data)
        if self.opens is not None and piece.prompt_token_ids and self.where == "before":
            self.where = "thought" if self.opens(piece.prompt_token_ids) else "before"
        if piece.reasoning:
            self.where = "answer"
            self._at_start = False
        elif piece.content or piece.finish_reason is not None:
            reasoning, content = self._told(piece.content, last=piece.finish_reason is not None)
            return replace(piece, reasoning=reasoning, content=content)
        return piece

    def _told(self, text: str, *, last: bool) -> tuple[str, str]:
        self._held += text
        reasoning = ""
        if self.where == "before" and not self._begun(last=last):
            return "", ""
        if self.where == "thought":
            reasoning = self._thought(last=last)
        return reasoning, self._answer(last=last) if self.where == "answer" else ""

    def _begun(self, *, last: bool) -> bool:
        said = self._held.lstrip()
        if said.startswith(self.markers.start):
            self.where, self._held = "thought", said.removeprefix(self.markers.start)
        elif last or not self.markers.start.startswith(said):
            self.where, self._at_start = "answer", False
        return self.where != "before"

    def _thought(self, *, last: bool) -> str:
        said, end, behind = self._held.partition(self.markers.end)
        if end:
            self.where, self._held = "answer", behind
            shown, self._at_start = self._trimmed(said.rstrip()), True
            return shown
        shown = said
        if not last:
            shown = said[: len(said) - _begins(said, (self.markers.end,))].rstrip()
        self._held = said[len(shown) :]
        return self._trimmed(shown)

    def _answer(self, *, last: bool) -> str:
        said = self._held
        for mark in self.markers.answer:
            said = said.replace(mark, "")
        kept = 0 if last else _begins(said, self.markers.answer)
        shown, self._held = said[: len(said) - kept], said[len(said) - kept :]
        return self._trimmed(shown)

    def _trimmed(self, text: str) -> str:
        """Without the white space between a marker and what it marks."""
        if self._at_start:
            text = text.lstrip()
            self._at_start = not text
        return text


def _begins(text: str, marks: Sequence[str]) -> int:
    """How many characters at the end of a text may be the beginning of a mark."""
    most = max((len(mark) for mark in marks), default=1) - 1
    for length in range(min(most, len(text)), 0, -1):
        if any(mark.startswith(text[-length:]) for mark in marks):
            return length
    return 0
