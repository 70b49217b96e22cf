"""Accuracy against the time budget: the questions asked in every way, in turns."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from benchmarks.budget.ways import BOUND, WHOLE
from benchmarks.deadline.arrivals import Arrival, at_once
from benchmarks.deadline.capacity import NO_LIMIT_S
from benchmarks.deadline.cells import Stand, begin, serve
from benchmarks.deadline.generator import ClosedLoop
from benchmarks.deadline.measures import Share
from benchmarks.deadline.reply import Reply, replies

BUDGETS_S = (0.15, 0.3, 0.6, 1.2, 2.4, 4.8)
A_ROUND = 10
"""Questions that one way is asked before it is another's turn."""
WARMED_UP_S = 3.0
"""From the start of the others until the engine is as busy as it will be."""
OTHERS = 5000
"""More than are ever asked meanwhile."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What else the engine has to do: `others` whole answers under way all the time."""

    name: str
    others: int
    at_once: int


IDLE = Condition("idle engine", others=0, at_once=2)
LOADED = Condition("16 others at once", others=16, at_once=4)


@dataclass(frozen=True, slots=True)
class Point:
    """One way at one budget. `right` counts what came too late, or not at all, as wrong.

    `seconds` is the median time of the answers. `budget_s` is None where there is no limit.
    """

    condition: str
    way: str
    budget_s: float | None
    requests: int
    right: Share
    answered: Share
    forced: Share
    late: int
    tokens: float
    seconds: float | None
    modes: dict[str, int]


def measure(
    stand: Stand, condition: Condition, questions: int, tell: Callable[[str], None]
) -> list[Point]:
    """All ways under one condition: the same questions for each way and budget."""
    got: defaultdict[tuple[str, float | None], list[Reply]] = defaultdict(list)
    closed = ClosedLoop(condition.at_once, NO_LIMIT_S)
    with busy(stand, condition.others):
        for start in range(0, questions, A_ROUND):
            count = min(A_ROUND, questions - start)
            tell(f"{condition.name}: questions {start + 1} to {start + count} …")
            for way in BOUND:
                for reply in replies(serve(stand, way, _round(start, count, BUDGETS_S), closed)):
                    got[way.name, reply.budget_s].append(reply)
            whole = serve(stand, WHOLE, _round(start, count, (NO_LIMIT_S,)), closed)
            got[WHOLE.name, None] += replies(whole)
    order = [way.name for way in (*BOUND, WHOLE)]
    return [
        _point(condition, way, budget, found)
        for (way, budget), found in sorted(
            got.items(), key=lambda item: (order.index(item[0][0]), item[0][1] or NO_LIMIT_S)
        )
    ]


def _round(start: int, count: int, budgets_s: Sequence[float]) -> list[Arrival]:
    """Each question with each budget, one after another."""
    asked = at_once(count, NO_LIMIT_S, seed=start)
    return [Arrival(0.0, b, a.question, a.seed) for a in asked for b in budgets_s]


@contextmanager
def busy(stand: Stand, others: int) -> Iterator[None]:
    """Keep the engine busy with so many whole answers at once."""
    if not others:
        yield
        return
    asked = at_once(OTHERS, NO_LIMIT_S, seed=99)
    asks = [WHOLE.ask(arrival, stand.questions(arrival.question).body) for arrival in asked]
    loading = begin(stand.engine_url, asks, ClosedLoop(others, NO_LIMIT_S))
    try:
        time.sleep(WARMED_UP_S)
        yield
    finally:
        loading.kill()
        loading.wait()


def _point(condition: Condition, way: str, budget_s: float | None, got: list[Reply]) -> Point:
    answered = [r for r in got if r.answered]
    modes = [r.mode for r in got if r.mode is not None]
    return Point(
        condition=condition.name,
        way=way,
        budget_s=budget_s,
        requests=len(got),
        right=Share.of([r.answered and r.right for r in got]),
        answered=Share.of([r.answered for r in got]),
        forced=Share.of([r.forced for r in answered]),
        late=sum(r.late_at_server for r in got),
        tokens=sum(r.tokens for r in got) / len(got),
        seconds=median(r.server_s for r in answered) if answered else None,
        modes={mode: modes.count(mode) for mode in sorted(set(modes))},
    )
