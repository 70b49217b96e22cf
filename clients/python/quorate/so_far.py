"""What a streamed answer has said so far."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from quorate.answer import Answer, Vote
from quorate.errors import UnreadableAnswer
from quorate.reading import NotRead, answer_from, number_of, timings_from, votes_from

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion, ChatCompletionChunk

UNDECIDED = "The deadline passed before the group was decided."


class SoFar:
    """Takes a stream's chunks; gives the completion at the end, and the leading vote before it."""

    def __init__(self, answer_type: object = None) -> None:
        """`answer_type` is what was asked for: votes that are still falling do not say it."""
        self._kind = answer_type if isinstance(answer_type, str) and answer_type != "auto" else None
        self._votes: tuple[Vote, ...] = ()
        self._finished = 0
        self._head: dict[str, Any] = {}
        self._choices: dict[int, dict[str, Any]] = {}

    def take(self, chunk: "ChatCompletionChunk") -> None:
        """One chunk, in the order they come. Raises UnreadableAnswer for what is none."""
        try:
            self._take(chunk.to_dict(warnings=False))
        except NotRead as error:
            raise UnreadableAnswer(f"The stream cannot be read: {error!r}.") from error

    def _take(self, told: dict[str, Any]) -> None:
        progress = told.pop("consensus_progress", None)
        if progress is not None:
            votes, self._finished = votes_from(progress["votes"]), int(progress["finished"])
            self._head.setdefault("id", told["id"])
            self._votes = votes
            return
        choices: Any = told.pop("choices", None) or ()
        self._head.update({name: value for name, value in told.items() if value is not None})
        for choice in choices:
            whole = self._choices.setdefault(choice["index"], {"message": {"content": None}})
            _merge(whole["message"], choice.pop("delta", None) or {})
            _merge(whole, choice)

    def completion(self) -> "ChatCompletion":
        """As it would have come unstreamed."""
        from openai.types.chat import ChatCompletion

        choices = [self._choices[index] for index in sorted(self._choices)]
        head: dict[str, Any] = {**self._head, "object": "chat.completion", "choices": choices}
        return ChatCompletion.construct(**head)

    def partial(self, budget_s: float, elapsed_s: float) -> Answer | None:
        """What the server had decided, else the leading vote; None while there is none."""
        try:
            return self._partial(budget_s, elapsed_s)
        except NotRead:
            return None

    def _partial(self, budget_s: float, elapsed_s: float) -> Answer | None:
        decided, votes = self._head.get("consensus"), self._votes
        if decided is None and not votes:
            return None
        timings = timings_from(self._head.get("deadline"), budget_s, elapsed_s)
        if decided is not None:
            known = {"timings": timings, "partial": True, "id": self._head.get("id")}
            return answer_from(decided, **known)
        text, kind = votes[0].answer, self._kind
        if kind is None and number_of(text) is not None:
            kind = "number"
        return answer_from(
            {"answer": text, "answer_type": kind, "confidence_reason": UNDECIDED},
            agreement=votes[0].count / max(1, self._finished),
            votes=votes,
            stop_reason="deadline",
            timings=timings,
            partial=True,
            id=self._head.get("id"),
        )


_NAMES = frozenset({"role", "finish_reason", "stop_reason"})
"""Texts that come whole."""


def _merge(whole: dict[str, Any], piece: Mapping[str, Any]) -> None:
    """Texts and lists grow, the rest is replaced; null says nothing."""
    before: Any
    for name, value in piece.items():
        before = whole.get(name)
        if value is None:
            whole.setdefault(name, None)
        elif name not in _NAMES and type(before) is type(value) in (str, list):
            whole[name] = before + value
        elif isinstance(value, dict) and isinstance(before, dict):
            _merge(before, value)
        else:
            whole[name] = value
