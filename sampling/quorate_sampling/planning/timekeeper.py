"""Keeping a drawing's time: its plan reviewed, its thoughts closed, its end told."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from quorate_sampling.deadline import Clock
from quorate_sampling.pace import Pace
from quorate_sampling.pacing import Conditions
from quorate_sampling.planning.budget import thinking_budget
from quorate_sampling.planning.course import Course
from quorate_sampling.planning.outlook import outlook
from quorate_sampling.planning.plan import Plan
from quorate_sampling.planning.planner import Allowed, plan
from quorate_sampling.scheduler import Situation
from quorate_sampling.timetable import Timetable, at_pace

REVIEW_S = 0.5
"""How long a plan goes unreviewed at most; half of the time that is left for thinking if less."""
SOONEST_REVIEW_S = 0.01
LEAST_ANSWER_TOKENS = 8
"""Allowed an answer however late it is: it is stopped when the time is up."""


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

    def plan(self, needed: int, now: Situation, allowed: Allowed, *, prompt_tokens: int) -> Plan:
        """What to start now, with `needed` samples wanted in flight; see `planner.plan`."""
        timetable = self.review()
        ahead = outlook(
            self.pace,
            answer_tokens=timetable.answer_tokens,
            prompt_tokens=prompt_tokens,
            together=needed if now.started else now.max_samples,
        )
        at, before = self.clock(), self.course.last
        return plan(needed, now, at, timetable, ahead, allowed, before=before)

    def thinking_budget(self, *, prompt_tokens: int, alone: bool, on: bool = False) -> int:
        """The engine's own limit on a thought that starts now; see `budget.thinking_budget`.

        `on`: it may go on beside its forced answer, to the end.
        """
        until = self.timetable.end_at if on else self.timetable.close_at
        seconds = until - self.clock()
        under = self.pace.conditions(prompt_tokens=prompt_tokens)
        return thinking_budget(seconds, self.pace, under, alone=alone)

    def answer_tokens(self) -> int:
        """How many tokens an answer may have that starts now."""
        seconds = self.timetable.end_at - self.clock() - self.pace.first_token_s(0.5)
        return max(LEAST_ANSWER_TOKENS, int(seconds / self.pace.token_s(0.5)))

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
