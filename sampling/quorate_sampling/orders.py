"""What others may tell a sample to do while it is drawn."""

from collections.abc import Callable
from dataclasses import dataclass

from quorate_sampling.closers import PreparedClosing


@dataclass(frozen=True, slots=True)
class Room:
    """How long a sample may get.

    `limit` is what the client allows it in all, `context` what the engine does, prompt included;
    None where it is not known.
    """

    limit: int | None = None
    context: int | None = None

    def left(self, most: int, *, drawn: int, in_context: int) -> int:
        """How many of `most` tokens may follow `drawn` of its own and `in_context` in all."""
        if self.limit is not None:
            most = min(most, self.limit - drawn)
        if self.context is not None:
            most = min(most, self.context - in_context)
        return most

    def filled_by(self, in_context: int) -> bool:
        """Whether so many tokens leave no room in the context."""
        return self.context is not None and in_context >= self.context

    def shortage(self, needed: int, *, in_context: int) -> int:
        """How many tokens the context lacks for `needed` more behind `in_context`; 0 for none."""
        return max(0, in_context + needed - self.context) if self.context is not None else 0


@dataclass(frozen=True, slots=True)
class CloseOrder:
    """Close the thought, then answer. `in_time` says how many tokens there is time for."""

    closing: PreparedClosing
    in_time: Callable[[], int]


@dataclass(frozen=True, slots=True)
class EndOrder:
    """Stop. With `keep`, an answer that had begun is kept as far as it came."""

    keep: bool
