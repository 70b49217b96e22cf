"""What an engine's door foresees at one moment, worked out once for all who ask in that moment."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from quorate_server.admission.schedule import Task, ends, late_s

FRESH_S = 0.005
"""For so long it may be used again while nobody comes or goes: many are refused in a moment when
too many come, and each would have the same schedule made."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """When each slot is expected to be free, and who waits for them in which order.

    `at` is when it was made, on the scheduler's clock.
    """

    at: float
    free_at: Sequence[float]
    waiting: Sequence[Task]
    _begins: dict[int, float] = field(init=False, default_factory=dict)

    def holds(self, slots: int, now: float) -> bool:
        """Whether it is as good as a new one, there being so many slots."""
        return len(self.free_at) == slots and 0.0 <= now - self.at <= FRESH_S

    def begins(self, slots: int) -> float:
        """When one would begin that came behind everybody and wants so many slots."""
        if slots not in self._begins:
            asked = Task(slots, 0.0)
            self._begins[slots] = ends(self.free_at, [*self.waiting, asked])[-1]
        return self._begins[slots]

    def fits(self, newcomer: Task, place: int) -> bool:
        """Whether a newcomer before which so many are served is in time and makes nobody late."""
        before, behind = self.waiting[:place], self.waiting[place:]
        if ends(self.free_at, [*before, newcomer])[-1] > newcomer.end_by:
            return False
        return not behind or late_s(self.free_at, before, newcomer, behind) <= 0.0
