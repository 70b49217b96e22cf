"""What one stream has said so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quorate_sampling.engine import Delta, EngineUsage


@dataclass(slots=True)
class Transcript:
    """The pieces of one stream, put together when they are asked for."""

    opener: str = ""
    """Content that was put there rather than generated."""
    asked_for: bool = False
    """Whether the engine was asked for it at all."""
    token_ids: list[int] = field(default_factory=list)
    logprobs: list[Mapping[str, Any]] = field(default_factory=list)
    tool_calls: list[Mapping[str, Any]] = field(default_factory=list)
    finish_reason: str | None = None
    usage: EngineUsage | None = None
    _reasoning: list[str] = field(default_factory=list)
    _content: list[str] = field(default_factory=list)

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
        self.usage = delta.usage or self.usage

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
        return self.usage or EngineUsage(prompt_tokens, len(self.token_ids) + unseen, exact=False)
