"""What a deadline means for a drawing: when thoughts are closed, when everything ends."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf

from quorate_sampling.deadline import Clock, Deadline
from quorate_sampling.pace import Pace
from quorate_sampling.pacing import Conditions

TAIL_S = 0.06
"""Kept free at the end for stopped streams to report their usage; engines take under 30 ms."""

LEAST_TAIL_S = 0.02
TAIL_SHARE = 0.1
"""Of a short budget the tail is so much, and the least: an answer is worth more than an exact bill,
which is a bound where the engine takes longer."""

WRAP_UP_S = 0.02
"""Of that, what is kept free of work on answers: what runs in a thread slows everything else."""


def tail_s(budget_s: float) -> float:
    """What is kept free at the end of a budget for stopped streams to report their usage."""
    return max(LEAST_TAIL_S, min(TAIL_S, TAIL_SHARE * budget_s))


@dataclass(frozen=True, slots=True)
class Reserve:
    """What is kept free for closing thoughts: time for `answer_tokens`, at most `most_s`.

    `by` is when the answers are wanted, where others wait for the engine: later ones are taken,
    until everything ends.
    """

    answer_tokens: int
    most_s: float
    by: float = inf


@dataclass(frozen=True, slots=True)
class Timetable:
    """Points on the deadline's clock.

    At `close_at` unfinished thoughts are closed, so that their answers are there at `end_at`,
    when whatever still runs is stopped. By `deadline.at` all of it has reported back. `close_at`
    follows from the `reserve` and the engine's pace, and moves with it; without one it is fixed.
    """

    deadline: Deadline
    close_at: float
    end_at: float
    reserve: Reserve | None = None

    @property
    def answer_by(self) -> float:
        """When answers are planned to be there."""
        return self.end_at if self.reserve is None else min(self.end_at, self.reserve.by)

    @property
    def to_the_end(self) -> bool:
        """Whether there may be thought until `end_at`: nobody else is promised the engine by then,
        and `close_at` is no more than when answers have to be begun at the latest."""
        return self.reserve is not None and self.answer_by >= self.end_at

    @property
    def answer_tokens(self) -> int:
        """How many tokens of answer are planned for behind a closed thought."""
        return self.reserve.answer_tokens if self.reserve is not None else 0


def timetable(
    deadline: Deadline,
    pace: Pace,
    answer_tokens: int,
    under: Conditions | None = None,
    *,
    answer_by: float = inf,
) -> Timetable:
    """Plan backwards from the deadline with what the engine was lately seen to need.

    A closing may take at most half of what remains: before anything was measured, and under a
    load that has just gone, the estimate is too careful rather than too bold. With `answer_by`
    thoughts are closed for answers by then, which may still come until the deadline.
    """
    end_at = deadline.at - tail_s(deadline.budget_s)
    available = max(0.0, min(end_at, answer_by) - deadline.clock())
    reserve = Reserve(answer_tokens, available / 2, answer_by)
    closing_s = min(pace.closing_s(answer_tokens, under), reserve.most_s)
    return Timetable(deadline, min(end_at, answer_by) - closing_s, end_at, reserve)


def at_pace(table: Timetable, pace: Pace, under: Conditions | None = None) -> Timetable:
    """The timetable with the closing time that the engine is predicted to need now.

    It is put off only where the engine was seen to close thoughts before.
    """
    reserve = table.reserve
    if reserve is None:
        return table
    closing_s = min(pace.closing_s(reserve.answer_tokens, under), reserve.most_s)
    close_at = table.answer_by - closing_s
    if pace.shortest_answer_s() <= 0:
        close_at = min(close_at, table.close_at)
    return replace(table, close_at=close_at)


def time_for_others(timetable: Timetable | None, clock: Clock) -> Callable[[], float]:
    """How many seconds a drawing may be kept waiting: until the next point of its timetable.

    While it waits no sample is counted, and none is started.
    """
    if timetable is None:
        return lambda: inf
    points = (timetable.close_at, timetable.end_at, timetable.deadline.at - WRAP_UP_S)

    def remaining_s() -> float:
        now = clock()
        return next((point - now for point in points if point > now), 0.0)

    return remaining_s
