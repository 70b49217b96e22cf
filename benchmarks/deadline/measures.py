"""What a cell comes to: for each budget, and over all."""

import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.deadline.reply import Reply
from benchmarks.figures import wilson

ALL_BUDGETS = 0.0
"""Stands for all budgets together."""
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % interval (Wilson)."""

    share: float
    low: float
    high: float

    @classmethod
    def of(cls, flags: Sequence[bool]) -> "Share":
        low, high = wilson(sum(flags), len(flags))
        return cls(sum(flags) / len(flags) if flags else 0.0, max(0.0, low), min(1.0, high))


@dataclass(frozen=True, slots=True)
class Row:
    """One system at one load and one budget (0: all of them together).

    `answered` and `right` are shares of all requests; unanswered ones are wrong. `refused_p99_ms`
    is how long refusals took; `elapsed_share` the median share of the budget that answers took,
    `forced_elapsed_share` that of those which could have used more (`thought_until_closed`).
    """

    engine: str
    system: str
    load: float
    budget_s: float
    requests: int
    answered: Share
    right: Share
    refused: Share
    refused_p99_ms: float | None
    late_at_server: int
    late_worst_ms: float
    told_late: int
    late_at_client: int
    failed: int
    missed: int
    forced: Share
    elapsed_share: float | None
    forced_elapsed_share: float | None
    modes: dict[str, int]


@dataclass(frozen=True, slots=True)
class Cell:
    """One system at one load: its rows, goodput, and what the tokens went to.

    `goodput` counts answers in time a second of the load, `right_per_s` those that were right,
    with bootstrap intervals. `wasted` is the share of the engine's tokens that no answer in time
    was billed for. `generator_late_p99_ms` is how late requests were sent, `engine_late_steps` the
    share of a simulated engine's steps that the machine was late with: both ought to be near 0.
    """

    engine: str
    system: str
    load: float
    rate: float
    seconds: float
    rows: tuple[Row, ...]
    goodput: tuple[float, float, float]
    right_per_s: tuple[float, float, float]
    generated_tokens: int
    wasted: float
    generator_late_p99_ms: float
    engine_late_steps: float


def cell(
    got: Sequence[Reply],
    *,
    engine: str,
    system: str,
    load: float,
    rate: float,
    seconds: float,
    generated: int,
    late_steps: float,
) -> Cell:
    """Everything about one cell. `seconds` is how long requests came in."""
    budgets = sorted({reply.budget_s for reply in got})
    rows = [_row([r for r in got if r.budget_s == b], engine, system, load, b) for b in budgets]
    rows.append(_row(got, engine, system, load, ALL_BUDGETS))
    used = sum(reply.tokens for reply in got if reply.answered)
    return Cell(
        engine=engine,
        system=system,
        load=load,
        rate=rate,
        seconds=seconds,
        rows=tuple(rows),
        goodput=_per_second([r.answered for r in got], seconds),
        right_per_s=_per_second([r.answered and r.right for r in got], seconds),
        generated_tokens=generated,
        wasted=max(0.0, 1 - used / generated) if generated else 0.0,
        generator_late_p99_ms=1000 * (quantile([r.late_s for r in got], 0.99) or 0.0),
        engine_late_steps=late_steps,
    )


def _row(got: Sequence[Reply], engine: str, system: str, load: float, budget_s: float) -> Row:
    refusals = quantile([r.server_s for r in got if r.refused], 0.99)
    answered = [r for r in got if r.answered]
    modes = [r.mode for r in got if r.mode is not None]
    return Row(
        engine=engine,
        system=system,
        load=load,
        budget_s=budget_s,
        requests=len(got),
        answered=Share.of([r.answered for r in got]),
        right=Share.of([r.answered and r.right for r in got]),
        refused=Share.of([r.refused for r in got]),
        refused_p99_ms=None if refusals is None else 1000 * refusals,
        late_at_server=sum(r.late_at_server for r in got),
        late_worst_ms=1000 * max([0.0, *(r.server_s - r.budget_s for r in got if r.whole)]),
        told_late=sum(r.told_late for r in got),
        late_at_client=sum(r.late_at_client for r in got),
        failed=sum(r.status >= 500 and r.status not in (503, 504) for r in got),
        missed=sum(not r.answered and not r.refused for r in got),
        forced=Share.of([r.forced for r in answered]),
        elapsed_share=_elapsed_share(answered),
        forced_elapsed_share=_elapsed_share([r for r in answered if r.thought_until_closed]),
        modes={mode: modes.count(mode) for mode in sorted(set(modes))},
    )


def _elapsed_share(answered: Sequence[Reply]) -> float | None:
    return statistics.median(r.server_s / r.budget_s for r in answered) if answered else None


def quantile(values: Sequence[float], q: float) -> float | None:
    """The smallest value that at least a share `q` does not exceed; None of nothing."""
    if not values:
        return None
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(q * len(ranked)))]


def _per_second(flags: Sequence[bool], seconds: float) -> tuple[float, float, float]:
    """A rate and its 95 % interval, by bootstrap over the requests."""
    return bootstrap(flags, lambda drawn: sum(drawn) / seconds)


def bootstrap(
    values: Sequence[Any], statistic: Callable[[Sequence[Any]], float]
) -> tuple[float, float, float]:
    """A statistic and its 95 % interval (Efron 1979, percentiles)."""
    if not values:
        return 0.0, 0.0, 0.0
    rng = random.Random(0)
    drawn = sorted(statistic(rng.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return statistic(values), drawn[int(0.025 * RESAMPLES)], drawn[int(0.975 * RESAMPLES)]
