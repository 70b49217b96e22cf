"""How much comes in: what a fair share of an engine's time is measured by."""

from dataclasses import dataclass, field
from math import exp, inf

MEMORY_S = 2.0
"""After this long an arrival counts for a third of what it did."""


@dataclass(slots=True)
class Arrivals:
    """The rate at which slots are asked for: an exponentially weighted count of arrivals."""

    _weight: float = field(init=False, default=0.0)
    _at: float = field(init=False, default=-inf)

    def came(self, slots: int, now: float) -> None:
        """Note that a request for `slots` slots came."""
        self._weight = self._weighed(now) + slots
        self._at = now

    def share_s(self, slots: int, now: float) -> float:
        """How long everybody may have of `slots` slots for them to suffice: L = λ·W (Little)."""
        rate = self._weighed(now) / MEMORY_S
        return slots / rate if rate > 0.0 else inf

    def _weighed(self, now: float) -> float:
        if not self._weight:
            return 0.0
        return self._weight * exp(-max(0.0, now - self._at) / MEMORY_S)
