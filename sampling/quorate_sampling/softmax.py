"""Scores as shares of 1."""

from collections.abc import Sequence
from math import exp, fsum


def softmax(scores: Sequence[float], temperature: float = 1.0) -> list[float]:
    """exp(score / temperature) as shares of their sum; of no scores, none.

    Log-probabilities at temperature 1 become probabilities among the alternatives alone; the
    largest has to be finite.
    """
    most = max(scores, default=0.0)
    weights = [exp((score - most) / temperature) for score in scores]
    total = fsum(weights)
    return [weight / total for weight in weights]
