"""95 % intervals for the centre of a handful of numbers.

Both hold for a number of samples that was fixed beforehand; where the drawing stopped because the
answers looked good, they are somewhat too narrow.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import atan, comb, cos, exp, fsum, lgamma, log1p, pi, sin, sqrt

CONFIDENCE = 0.95

Bounds = tuple[float, float]
"""Low and high."""


def mean_interval(values: Sequence[float], mean: float) -> Bounds | None:
    """Student's: mean ± t s / sqrt(n), s with n - 1; None for fewer than two values.

    It trusts the values to be roughly normal around one centre: a single outlier widens it far.
    """
    n = len(values)
    if n < 2:
        return None
    deviation = sqrt(fsum((value - mean) ** 2 for value in values) / (n - 1))
    reach = t_quantile(n - 1) * deviation / sqrt(n)
    return mean - reach, mean + reach


def median_interval(ascending: Sequence[float]) -> Bounds | None:
    """The k-th smallest and the k-th largest value; None for fewer than six.

    k is the largest with 2 P(Bin(n, 1/2) < k) <= 1 - 0.95, so the median lies between the two
    with at least 95 %, whatever the distribution (David and Nagaraja, Order Statistics, 7.1).
    """
    n = len(ascending)
    k = _median_rank(n)
    return (ascending[k - 1], ascending[n - k]) if k else None


@lru_cache(maxsize=512)
def _median_rank(n: int) -> int:
    k, outside = 0, 0
    while 2 * (outside + comb(n, k)) <= (1 - CONFIDENCE) * 2**n:
        outside += comb(n, k)
        k += 1
    return k


@lru_cache(maxsize=512)
def t_quantile(degrees: int, confidence: float = CONFIDENCE) -> float:
    """t with P(|T| <= t) = confidence, for Student's T with that many degrees of freedom.

    Newton's method from 0, where the probability rises fastest: it is concave, so every step falls
    short of the root and none goes past it.
    """
    log_scale = lgamma((degrees + 1) / 2) - lgamma(degrees / 2)
    t = 0.0
    while True:
        density = exp(log_scale - (degrees + 1) / 2 * log1p(t * t / degrees)) / sqrt(pi * degrees)
        step = (confidence - _probability_within(t, degrees)) / (2 * density)
        t += step
        if step <= 1e-12 * t:
            return t


def _probability_within(t: float, degrees: int) -> float:
    """P(|T| <= t): a finite sum (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    angle = atan(t / sqrt(degrees))
    odd = degrees % 2
    term = cos(angle) if odd else 1.0
    terms = []
    for power in range(2 + odd, degrees + 1, 2):
        terms.append(term)
        term *= cos(angle) ** 2 * (power - 1) / power
    total = sin(angle) * fsum(terms)
    return 2 / pi * (angle + total) if odd else total
