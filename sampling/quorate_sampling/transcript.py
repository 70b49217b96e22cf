"""What one stream has said so far."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from quorate_sampling.engine import Delta, EngineUsage
from quorate_sampling.errors import EngineRejected, EngineUnavailable
from quorate_sampling.stoppable import StoppableStream


class Mark(NamedTuple):
    """A point in a transcript, for going back to it."""

    token_ids: int
    reasoning: int
    logprobs: int


@dataclass(slots=True)
class Transcript:
    """The pieces of one stream, put together when they are asked for."""

    opener: str = ""
    """Content that was put there rather than generated."""
    asked_for: bool = False
    """Whether the engine was asked for it at all."""
    refused: bool = False
    """Whether the engine would not begin."""
    token_ids: list[int] = field(default_factory=list)
    logprobs: list[Mapping[str, Any]] = field(default_factory=list)
    tool_calls: list[Mapping[str, Any]] = field(default_factory=list)
    finish_reason: str | None = None
    elsewhere: bool = False
    """Whether it comes from another engine than the one that was asked."""
    usage: EngineUsage | None = None
    _reasoning: list[str] = field(default_factory=list)
    _content: list[str] = field(default_factory=list)
    _marks: list[Mark] = field(default_factory=list)

    def take(self, delta: Delta) -> None:
        """Add the next piece."""
        if delta.reasoning:
            self._reasoning.append(delta.reasoning)
        if delta.content:
            self._content.append(delta.content)
        self.token_ids.extend(delta.token_ids)
        self.logprobs.extend(delta.logprobs)
        self.tool_calls.extend(delta.tool_calls)
        self.finish_reason = delta.finish_reason or self.finish_reason
        self.elsewhere = self.elsewhere or delta.elsewhere
        self.usage = delta.usage or self.usage
        self._marks.append(self.mark())

    async def fill(self, stream: StoppableStream, take: Callable[[Delta], None]) -> None:
        """Read a stream to its end through `take`, which adds what it is given. Raises EngineError.

        A stream that was stopped and had no more to say just ends.
        """
        self.asked_for = True
        try:
            await stream.read(take)
        except (EngineRejected, EngineUnavailable):
            self.refused = True
            raise

    def mark(self) -> Mark:
        """Where it stands now."""
        return Mark(len(self.token_ids), len(self._reasoning), len(self.logprobs))

    def mark_at(self, token_ids: int) -> Mark:
        """The last point between two pieces with at most so many tokens before it."""
        passed = bisect_right(self._marks, token_ids, key=lambda mark: mark.token_ids)
        return self._marks[passed - 1] if passed else Mark(0, 0, 0)

    def thought_until(self, mark: Mark) -> "Transcript":
        """The thought as it was at `mark`."""
        return Transcript(
            token_ids=self.token_ids[: mark.token_ids],
            logprobs=self.logprobs[: mark.logprobs],
            _reasoning=self._reasoning[: mark.reasoning],
        )

    @property
    def reasoning(self) -> str:
        return "".join(self._reasoning)

    @property
    def content(self) -> str:
        return self.opener + "".join(self._content)

    @property
    def answering(self) -> bool:
        """Whether content of the model's own has begun."""
        return bool(self._content or self.tool_calls)

    @property
    def ended_by_itself(self) -> bool:
        return self.finish_reason not in (None, "abort")

    def bill(self, prompt_tokens: int, unseen: int) -> EngineUsage:
        """What the engine reported; without a report a bound, marked as one.

        `unseen` is how many tokens it may have generated beyond those that came: a chunk's worth.
        """
        if self.usage is not None:
            return self.usage
        if not self.asked_for or (self.refused and not self.token_ids):
            return EngineUsage()  # nothing was generated
        return EngineUsage(prompt_tokens, len(self.token_ids) + unseen, exact=False)
