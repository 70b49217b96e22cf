"""Numbers averaged."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import ClassVar

from quorate_sampling.voting.estimate import Estimate
from quorate_sampling.voting.intervals import Bounds, mean_interval


@dataclass(frozen=True, slots=True)
class Mean(Estimate):
    """The arithmetic mean of the numbers, with Student's 95 % interval.

    For quantities that samples estimate around one centre: a count, a price, a year. No number is
    left out as an outlier, so a single one far off moves it, and widens the interval; where that
    is to be feared, take the median.
    """

    name: ClassVar[str] = "mean"
    top_logprobs: ClassVar[None] = None

    def _centre(self, ascending: Sequence[float]) -> float:
        mean = fsum(ascending) / len(ascending)
        return min(max(mean, ascending[0]), ascending[-1])  # it may be out by its rounding

    def _interval(self, ascending: Sequence[float]) -> Bounds | None:
        return mean_interval(ascending, self._centre(ascending))
