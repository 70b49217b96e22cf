"""How many samples an engine is given at once: as many as pay, found out while it runs."""

from collections import deque
from dataclasses import dataclass, field
from math import inf, sqrt

from quorate_sampling.pacing.quantiles import quantile

LEAST = 16
"""Samples that no engine is too slow for, and where one starts whose capacity is not known."""
MOST = 1024
TOKEN_TOLERANCE = 3.0
"""A token may take so many times what it takes an idle engine.

An engine that batches takes a + b·L for a token of each of L samples: its throughput is
L / (a + b·L). At 3·a that is two thirds of what it could ever be, and what a deadline has to keep
free, some tens of tokens to answer in, is still little. Beyond, there is ever less to be gained
for ever more delay.
"""
FIRST_TOLERANCE = 8.0
"""Likewise the first token, which has to wait for prompts to be read: where it takes longer still,
samples wait inside the engine, where nobody orders them by deadline."""
SMOOTHING = 0.5
WINDOW_S = 0.5
"""Between two changes: long enough to see what the last one did."""
ENOUGH = 10
"""Observations that a change rests on."""
MOST_OBSERVED = 512
FORGETTING = 1.0005
"""By how much the idle engine's pace is trusted less each window that does not show it again."""
BACKOFF = 0.9


@dataclass(slots=True)
class AdaptiveLimit:
    """A concurrency limit, in samples, by how long tokens take and how long the first one does.

    Gradient2 of Netflix' concurrency-limits: after each window the limit is multiplied by
    tolerance · idle / observed, held between ½ and 1, and raised by its own square root to see
    whether there is more to be had. The idle time per token is the least of any window, as in TCP
    Vegas (Brakmo and Peterson, 1995), not Gradient2's long average: that one learns to take an
    overload for normal. What the engine refuses or misses lowers the limit at once (AIMD).

    It starts from `capacity` where that is known, and never passes it: an engine only queues what
    is beyond. Nor does it grow while the engine is given less than half of it.
    """

    capacity: int | None = None
    idle_token_s: float = inf
    """Seconds a token takes when the engine has little to do."""
    _limit: float = field(init=False)
    _tokens: deque[float] = field(init=False, default_factory=lambda: deque(maxlen=MOST_OBSERVED))
    _firsts: deque[float] = field(init=False, default_factory=lambda: deque(maxlen=MOST_OBSERVED))
    _due: float = field(init=False, default=-inf)
    _most_at_once: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._limit = float(LEAST if self.capacity is None else self.capacity)

    @property
    def samples(self) -> int:
        """The limit as it stands."""
        return max(1, int(self._limit))

    def token(self, seconds: float, at_once: int, now: float) -> None:
        """Note what one sample's tokens took on average, while `at_once` were being drawn."""
        if 0.0 < seconds < inf:
            self._tokens.append(seconds)
            self._seen(at_once, now)

    def first_token(self, seconds: float, idle_s: float, at_once: int, now: float) -> None:
        """Note what one sample's first token took, where an idle engine would take `idle_s`."""
        if 0.0 < seconds < inf and 0.0 < idle_s < inf:
            self._firsts.append(seconds / idle_s)
            self._seen(at_once, now)

    def dropped(self) -> None:
        """Note that the engine refused a sample for its load, or gave no answer in time."""
        self._limit = max(self._least, self._limit * BACKOFF)

    @property
    def _least(self) -> float:
        return float(LEAST if self.capacity is None else min(LEAST, self.capacity))

    @property
    def _most(self) -> float:
        return float(MOST if self.capacity is None else self.capacity)

    def _seen(self, at_once: int, now: float) -> None:
        self._most_at_once = max(self._most_at_once, at_once)
        if now >= self._due and max(len(self._tokens), len(self._firsts)) >= ENOUGH:
            self._adapt()
            self._due = now + WINDOW_S

    def _adapt(self) -> None:
        gradient = max(0.5, min(1.0, self._token_gradient(), self._first_gradient()))
        if gradient < 1.0 or self._most_at_once >= self._limit / 2:
            change = self._limit * (gradient - 1) + sqrt(self._limit)
            # One slow window may be chance; what it gave up would take long to win back.
            self._limit += change if change > 0 else SMOOTHING * change
            self._limit = max(self._least, min(self._most, self._limit))
        self._most_at_once = 0

    def _token_gradient(self) -> float:
        if len(self._tokens) < ENOUGH:
            return 1.0
        observed = quantile(self._tokens, 0.5)
        self._tokens.clear()
        self.idle_token_s = min(observed, self.idle_token_s * FORGETTING)
        return TOKEN_TOLERANCE * self.idle_token_s / observed

    def _first_gradient(self) -> float:
        if len(self._firsts) < ENOUGH:
            return 1.0
        observed = quantile(self._firsts, 0.5)
        self._firsts.clear()
        return FIRST_TOLERANCE / observed
