"""How well predictions turned out: what operators and the benchmark are shown."""

from collections import deque
from dataclasses import dataclass, field

from quorate_sampling.pacing.quantiles import quantile

JUDGED = 1000
"""Predictions that are remembered."""


@dataclass(slots=True)
class Accuracy:
    """The last predictions beside what was observed."""

    _covered: deque[bool] = field(default_factory=lambda: deque(maxlen=JUDGED), init=False)
    _off: deque[float] = field(default_factory=lambda: deque(maxlen=JUDGED), init=False)

    def note(self, seconds: float, *, median_s: float, p95_s: float) -> None:
        """One observation and the quantiles that were predicted for it."""
        self._covered.append(seconds <= p95_s)
        self._off.append(abs(seconds - median_s) / seconds)

    @property
    def count(self) -> int:
        """How many are remembered."""
        return len(self._covered)

    @property
    def coverage(self) -> float | None:
        """The share that the 95th percentile covered; None before there was any."""
        return sum(self._covered) / len(self._covered) if self._covered else None

    @property
    def error(self) -> float | None:
        """The median of |median predicted − observed| / observed; None before there was any."""
        return quantile(self._off, 0.5) if self._off else None
