"""Agreement, and how low the true share behind it may be."""

from math import exp, lgamma, log

ALPHA = 0.05
"""One minus the confidence level of the lower bound."""


def agreement(leading: int, finished: int) -> float:
    """The leading vote's share of all samples that finished; 0.0 where none did."""
    return leading / finished if finished else 0.0


def agreement_low(leading: int, finished: int, alpha: float = ALPHA) -> float:
    """A lower bound on the share of *all possible* samples that would give the leading answer.

    Holds with probability 1 - alpha at whatever count the drawing stopped, and for whatever
    reason: drawing is stopped as soon as the votes look good, which an ordinary binomial interval
    does not allow for. The bound is the smallest p that the beta-binomial mixture martingale
    (Robbins 1970, uniform prior),

        M(p) = B(v + 1, n - v + 1) / (p^v (1 - p)^(n - v)),

    does not reject at 1/alpha, with v = leading, n = finished; by Ville's inequality M exceeds
    1/alpha anywhere along the way with probability at most alpha.
    """
    v, n = leading, finished
    if v <= 0 or n <= 0:
        return 0.0
    log_mixture = lgamma(v + 1) + lgamma(n - v + 1) - lgamma(n + 2)

    def rejected(p: float) -> bool:
        log_likelihood = v * log(p) + ((n - v) * log(1 - p) if n > v else 0.0)
        return log_mixture - log_likelihood >= -log(alpha)

    low, high = exp(-40.0), v / n if n > v else 1.0
    for _ in range(60):  # bisection; M falls monotonically up to p = v / n
        middle = (low + high) / 2
        low, high = (middle, high) if rejected(middle) else (low, middle)
    return low
