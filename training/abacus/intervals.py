"""A share of questions with its 95 % interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

__all__ = ["Share"]

Z = 1.96


@dataclass(frozen=True, slots=True)
class Share:
    """A mean of scores between 0 and 1, and Wilson's 95 % interval for it.

    The interval counts questions and not samples, as the samples of a question resemble each
    other; for fractional scores it is therefore a little wide.
    """

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, scores: Sequence[float]) -> "Share":
        """The share over at least one question; Wilson, JASA 22 (1927) 209."""
        count = len(scores)
        mean = sum(scores) / count
        shrunk = 1 + Z * Z / count
        middle = (mean + Z * Z / (2 * count)) / shrunk
        half = Z * sqrt(mean * (1 - mean) / count + Z * Z / (4 * count * count)) / shrunk
        return cls(mean, max(0.0, min(mean, middle - half)), min(1.0, max(mean, middle + half)))
