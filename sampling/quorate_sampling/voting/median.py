"""The number in the middle."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from quorate_sampling.voting.estimate import Estimate
from quorate_sampling.voting.intervals import Bounds, median_interval


@dataclass(frozen=True, slots=True)
class Median(Estimate):
    """The median of the numbers, with a 95 % interval by order statistics.

    Of an even number of samples it is the mean of the two in the middle. Outliers do not move it
    beyond the other numbers while they are fewer than half. The interval needs six numbers.
    """

    name: ClassVar[str] = "median"
    top_logprobs: ClassVar[None] = None

    def _centre(self, ascending: Sequence[float]) -> float:
        middle = len(ascending) // 2
        if len(ascending) % 2:
            return ascending[middle]
        return (ascending[middle - 1] + ascending[middle]) / 2

    def _interval(self, ascending: Sequence[float]) -> Bounds | None:
        return median_interval(ascending)
