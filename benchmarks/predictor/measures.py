"""How good predictions were: whether the 95th percentile covers, and how far off the median is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

LOW, HIGH = 0.93, 0.97
"""What the share covered is to lie between."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One time that was predicted, in seconds."""

    median: float
    p95: float
    observed: float


@dataclass(frozen=True, slots=True)
class Quality:
    """Of some predictions. `sharpness` is the mean p95 over the median observed: the nearer to
    what had to be covered, the better; `error` the median of |median − observed| / observed."""

    coverage: float
    sharpness: float
    error: float

    @classmethod
    def of(cls, judged: Sequence[Judged]) -> "Quality":
        return cls(
            coverage=fmean(each.observed <= each.p95 for each in judged),
            sharpness=fmean(each.p95 for each in judged) / median(j.observed for j in judged),
            error=median(abs(each.median - each.observed) / each.observed for each in judged),
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One predictor and one time, over all seeds."""

    predictor: str
    time: str
    coverage: tuple[float, ...]
    """By seed."""
    by_phase: tuple[float, ...]
    """Coverage by phase of the load, over all seeds."""
    sharpness: float
    error: float

    @property
    def within(self) -> int:
        """For how many seeds the share covered is what it is to be."""
        return sum(LOW <= each <= HIGH for each in self.coverage)


def row(predictor: str, time: str, seeds: Sequence[Sequence[Sequence[Judged]]]) -> Row:
    """The figures of one predictor: `seeds` has, for each seed, what was judged in each phase."""
    whole = [Quality.of(_flat(phases)) for phases in seeds]
    by_phase = zip(*seeds, strict=True)
    return Row(
        predictor,
        time,
        coverage=tuple(each.coverage for each in whole),
        by_phase=tuple(Quality.of(_flat(phase)).coverage for phase in by_phase),
        sharpness=median(each.sharpness for each in whole),
        error=median(each.error for each in whole),
    )


def _flat(parts: Iterable[Sequence[Judged]]) -> list[Judged]:
    return [each for part in parts for each in part]
