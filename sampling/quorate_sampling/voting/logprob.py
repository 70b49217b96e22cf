"""Weights from how likely the model held its own words."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import ClassVar, Literal

from quorate_sampling.reading import Reading
from quorate_sampling.softmax import softmax
from quorate_sampling.votes import Vote
from quorate_sampling.voting.weighted import as_they_are, weighted


@dataclass(frozen=True, slots=True)
class LogProb:
    """A sample weighs its probability (Wang et al. 2022, arXiv:2203.11171, equation 1, table 1).

    `of` is `mean`: exp((1/K) sum log p), the geometric mean over its K tokens, normalised for
    length; or `sum`: exp(sum log p), its whole probability, which the shortest of many tokens wins
    nearly alone.
    """

    name: ClassVar[str] = "logprob"
    top_logprobs: ClassVar[int] = 0

    of: Literal["mean", "sum"] = "mean"

    def __post_init__(self) -> None:
        if self.of not in ("mean", "sum"):
            raise ValueError(f"`of` must be mean or sum, not {self.of!r}")

    def count(self, readings: Sequence[Reading]) -> tuple[Vote, ...]:
        if self.of == "sum":
            return weighted(readings, _sum_logprob, softmax)
        return weighted(readings, probability, as_they_are)


def probability(reading: Reading) -> float | None:
    """The geometric mean of its tokens' probabilities, 0 to 1."""
    return exp(min(reading.scores.mean_logprob, 0.0)) if reading.scores is not None else None


def _sum_logprob(reading: Reading) -> float | None:
    return reading.scores.sum_logprob if reading.scores is not None else None
