"""A time as a sum of costs, none of them negative, fitted to what is observed as it comes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import mul
from typing import Any

from quorate_sampling.pacing.numbers import numbers

LEAST_S = 1e-5
"""No time is expected to be shorter."""

ROBUST = 4.0
"""How many times longer than expected an observation is believed to have been."""

NEWS = 4
"""How many times faster what is known is forgotten when an observation is a quarter of what was
expected, or less: an engine may be slow by accident, but not fast.
"""

YOUNG = 8
"""Observations that are taken as they are: before them nothing is known to be an outlier."""

MOST_WEIGHT = 1e6
"""What one observation weighs when all sums are scaled back."""

HELD = 0.1
"""How firmly a cost is held where it was: as by so many observations of its feature at 1."""

RESTORED = 0.1
"""What a former state counts beside what is observed now: the machine may have changed."""


@dataclass(slots=True)
class Regression:
    """Costs of features, by least squares under exponential forgetting.

    An observation weighs 1 / expected: longer times scatter more, as sums of more delays. Sums of
    squares and products are forgotten by a share of 1 − `keeping` an observation; each is followed
    by one round of coordinate descent on them, every cost kept at 0 or above (sequential
    coordinate-wise non-negative least squares: Franc, Hlaváč and Navara, CAIP 2005). So no
    prediction ever falls as a feature rises, however thin the data, and the cost of a feature that
    was not seen lately stays what it was.
    """

    costs: list[float]
    keeping: float
    observed: int = field(default=0, init=False)
    _weight: float = field(default=1.0, init=False)
    _squares: list[list[float]] = field(init=False)
    _products: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self._squares = [[0.0] * len(self.costs) for _ in self.costs]
        self._products = [0.0] * len(self.costs)

    def predict(self, features: Sequence[float]) -> float:
        """The expected time in seconds, never 0."""
        expected: float = sum(map(mul, self.costs, features))
        return max(LEAST_S, expected)

    def learn(self, features: Sequence[float], seconds: float) -> None:
        """Take one observation into account, as far as it is believed."""
        expected = self.predict(features)
        if self.observed >= YOUNG:
            seconds = min(seconds, ROBUST * expected)
        self.observed += 1
        keeping = self.keeping if seconds * ROBUST > expected else self.keeping**NEWS
        self._weight /= keeping  # what comes weighs more: cheaper than all that came weighing less
        if self._weight > MOST_WEIGHT:
            self._scale_back()
        costs, products, squares = self.costs, self._products, self._squares
        weight = self._weight / expected
        held = HELD * weight
        for j, feature in enumerate(features):
            if feature:
                own = feature * weight
                products[j] += own * seconds
                squares[j] = [s + own * x for s, x in zip(squares[j], features, strict=False)]
        for j, row in enumerate(squares):
            slope = products[j] - sum(map(mul, row, costs))
            cost = costs[j] + slope / (row[j] + held)
            costs[j] = cost if cost > 0.0 else 0.0

    def _scale_back(self) -> None:
        weight, self._weight = self._weight, 1.0
        self._products = [product / weight for product in self._products]
        self._squares = [[square / weight for square in row] for row in self._squares]

    def state(self) -> dict[str, Any]:
        """What was learnt, as JSON."""
        self._scale_back()
        return {
            "costs": list(self.costs),
            "squares": [list(row) for row in self._squares],
            "products": list(self._products),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Start from a former state; it counts less than what is observed from now on.

        Raises KeyError, TypeError or ValueError where it is none of these features.
        """
        size = len(self.costs)
        costs = numbers(state["costs"], size, least=0.0)
        products = numbers(state["products"], size)
        squares = [numbers(row, size) for row in state["squares"]]
        if len(squares) != size or min(row[j] for j, row in enumerate(squares)) < 0:
            raise ValueError("these are no sums of squares")
        self.costs = costs
        self._products = [RESTORED * product for product in products]
        self._squares = [[RESTORED * square for square in row] for row in squares]
