"""One kind of time, predicted: what is expected under some load, and how far it may be off."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, NamedTuple

from quorate_sampling.pacing.accuracy import Accuracy
from quorate_sampling.pacing.conditions import Conditions
from quorate_sampling.pacing.regression import LEAST_S, Regression
from quorate_sampling.pacing.spread import Spread

MOST_S = 3600.0
"""No time is longer: who waits an hour waits for nothing."""

FALSE_ALARM = 4.0
"""How many times its 95th percentile an observation is believed to have taken: an engine that
stalled once is not one that is slow."""

LEAST_SHARE = 0.1
"""No quantile is a smaller share of what is expected."""

AGAIN = (4, 8, 16, 32, 64)
"""Counts of observations at which the errors of all before are taken anew: the first were made
when next to nothing was known."""


class Expected(NamedTuple):
    """What was predicted of one request as it was sent, in seconds."""

    features: tuple[float, ...]
    mean_s: float
    median_s: float
    p95_s: float


@dataclass(slots=True)
class Forecast:
    """Quantiles of a time as a function of conditions: a regression, and the spread about it.

    An error is (observed − expected) / expected^`power`: with 1 times scatter in proportion to what
    is expected, with 0 by as much whatever is. `costs` and `errors` are guesses to start from.
    """

    features: Callable[[Conditions], tuple[float, ...]]
    costs: Sequence[float]
    keeping: float
    power: float
    errors: Sequence[float]
    accuracy: Accuracy = field(default_factory=Accuracy, init=False)
    _regression: Regression = field(init=False)
    _spread: Spread = field(init=False)
    _early: list[tuple[tuple[float, ...], float]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._regression = Regression(list(self.costs), self.keeping)
        self._spread = Spread(self.errors)

    def quantile(self, q: float, under: Conditions) -> float:
        """The time in seconds that a share `q` of requests under these conditions does not exceed.

        More of a condition never makes it less.
        """
        return self._quantile(q, self._regression.predict(self.features(under)))

    def expected(self, under: Conditions) -> Expected:
        """What to compare an observation with, later."""
        features = self.features(under)
        mean = self._regression.predict(features)
        return Expected(features, mean, self._quantile(0.5, mean), self._quantile(0.95, mean))

    def learn(self, under: Conditions, seconds: float) -> None:
        """Fit what is expected under these conditions to an observation."""
        if isfinite(seconds) and seconds > 0:
            self._regression.learn(self.features(under), min(MOST_S, max(LEAST_S, seconds)))

    def judge(self, expected: Expected, seconds: float) -> None:
        """Compare an observation with what was predicted for it."""
        if not isfinite(seconds) or seconds <= 0:
            return
        seconds = min(MOST_S, max(LEAST_S, seconds))
        self.accuracy.note(seconds, median_s=expected.median_s, p95_s=expected.p95_s)
        believed = min(seconds, FALSE_ALARM * expected.p95_s)
        error = (believed - expected.mean_s) / self._scale(expected.mean_s)
        self._spread.observe(error, exceeded=seconds > expected.p95_s)
        if len(self._early) < AGAIN[-1]:
            self._early.append((expected.features, believed))
            if len(self._early) in AGAIN:
                self._take_again()

    def _take_again(self) -> None:
        errors = []
        for features, seconds in self._early:
            mean = self._regression.predict(features)
            errors.append((seconds - mean) / self._scale(mean))
        self._spread.replace(errors)

    def _quantile(self, q: float, mean: float) -> float:
        exceeding = mean + self._spread.quantile(q) * self._scale(mean)
        return min(MOST_S, max(LEAST_SHARE * mean, exceeding))

    def _scale(self, mean: float) -> float:
        scale: float = mean**self.power
        return scale

    def state(self) -> dict[str, Any]:
        """What was learnt, as JSON."""
        return {"regression": self._regression.state(), "spread": self._spread.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Start from a former state. Raises KeyError, TypeError or ValueError where it is none."""
        self._regression.restore(state["regression"])
        self._spread.restore(state["spread"])
