"""A deadline: one point in time that every wait below derives its own limit from."""

import time
from collections.abc import Callable
from dataclasses import dataclass

Clock = Callable[[], float]
"""Monotonic seconds. Tests pass a clock they can turn."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The point on the monotonic clock by which the response has been written.

    Relative on the wire, absolute inside: `started_at` is when the request's first byte came,
    `at` is `started_at` plus the budget. Both in seconds of `clock`.
    """

    started_at: float
    at: float
    clock: Clock = time.monotonic

    @classmethod
    def after(
        cls, budget_s: float, *, started_at: float, clock: Clock = time.monotonic
    ) -> "Deadline":
        """The deadline `budget_s` seconds after `started_at`."""
        return cls(started_at=started_at, at=started_at + budget_s, clock=clock)

    @property
    def budget_s(self) -> float:
        """What was given, in seconds."""
        return self.at - self.started_at

    def remaining_s(self) -> float:
        """Seconds left; negative once it has passed."""
        return self.at - self.clock()

    def elapsed_s(self) -> float:
        """Seconds since the request's first byte."""
        return self.clock() - self.started_at

    def less(self, margin_s: float) -> "Deadline":
        """The same deadline, `margin_s` earlier: what a step below may use."""
        return Deadline(self.started_at, self.at - margin_s, self.clock)
