"""Predictors beside each other, on a 7-B model on one GPU as it is simulated."""

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from benchmarks.predictor.drive import Observed, VirtualClock, drive
from benchmarks.predictor.measures import Judged, Row, row
from benchmarks.predictor.rivals import Paced, Predictor, Windows
from benchmarks.predictor.traffic import JUDGED, LEARNING, capacity, traffic
from benchmarks.simulated.timing import QWEN_7B_ON_H100, Batch, Costs

TIMES = ("first_token", "token")


def compare(seeds: int, costs: Costs = QWEN_7B_ON_H100) -> tuple[list[Row], float]:
    """A row for each predictor and time, and the engine's capacity in requests/s."""
    at_most = capacity(costs)
    runs = [
        drive(Batch(costs, seed), traffic(seed, at_most, (LEARNING, *JUDGED)), _predictors)
        for seed in range(seeds)
    ]
    names = [predictor.name for predictor in _predictors(VirtualClock())]
    rows = [
        row(name, time, [list(_phases(run, number, time)) for run in runs])
        for time in TIMES
        for number, name in enumerate(names)
    ]
    return rows, at_most


def _predictors(clock: VirtualClock) -> Sequence[Predictor]:
    return (
        Paced(clock),
        Paced(clock, told_cached=False),
        Windows(),
        Windows("the first 200, for ever", frozen_after=LEARNING.requests),
    )


def _phases(run: Sequence[Observed], predictor: int, time: str) -> Iterator[list[Judged]]:
    """What is judged of a run, phase by phase; what was learnt from at first is not."""
    starts = list(accumulate((phase.requests for phase in JUDGED), initial=LEARNING.requests))
    for start, end in pairwise(starts):
        yield [
            judged
            for observed in run[start:end]
            if (judged := _judged(observed, predictor, time)) is not None
        ]


def _judged(observed: Observed, predictor: int, time: str) -> Judged | None:
    told = observed.predicted[predictor]
    if time == "first_token":
        return Judged(told.first_median, told.first_p95, observed.first_s)
    if observed.token_s is None:
        return None
    return Judged(told.token_median, told.token_p95, observed.token_s)
