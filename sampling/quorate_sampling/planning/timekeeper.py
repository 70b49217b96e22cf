"""Keeping a drawing's time: its plan reviewed, its thoughts closed, its end told."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from quorate_sampling.deadline import Clock
from quorate_sampling.pace import Pace
from quorate_sampling.pacing import Conditions
from quorate_sampling.planning.course import Course
from quorate_sampling.timetable import Timetable, at_pace

REVIEW_S = 0.5
"""How long a plan goes unreviewed at most; half of the time that is left for thinking if less."""
SOONEST_REVIEW_S = 0.01


@dataclass(slots=True, eq=False)
class Timekeeper:
    """A drawing's timetable, whose closing time moves with the engine's pace.

    `under` tells in which conditions the samples that run now would go on behind a closer. What
    moves is noted in the `course`.
    """

    timetable: Timetable
    """As of the last review."""
    pace: Pace
    clock: Clock
    course: Course
    under: Callable[[], Conditions]

    def review(self) -> Timetable:
        """The timetable at the engine's present pace."""
        self.timetable = at_pace(self.timetable, self.pace, self.under())
        last = self.course.last
        if last is not None:
            self.course.take(self.clock(), last.moved(self.timetable.close_at))
        return self.timetable

    async def keep(self, close: Callable[[], None], over: Callable[[], None]) -> None:
        """Call `close` when thoughts have to be closed, and `over` when the time is up.

        The clock may jump: no wait is longer than it takes to the next review.
        """
        while (left := self.timetable.close_at - self.clock()) > 0:
            await asyncio.sleep(min(left, max(SOONEST_REVIEW_S, min(REVIEW_S, left / 2))))
            self.review()
        close()
        left = self.timetable.end_at - self.clock()
        while left > 0:
            await asyncio.sleep(min(left, REVIEW_S))
            left = self.timetable.end_at - self.clock()
        over()
