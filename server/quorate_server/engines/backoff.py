"""How long to wait before trying again."""

from dataclasses import dataclass, field
from random import Random


@dataclass(slots=True)
class Backoff:
    """Doubling delays with jitter, from `first_s` to at most `most_s` seconds.

    Jitter keeps many gateways from coming back to a recovering engine in step.
    """

    first_s: float = 0.5
    most_s: float = 30.0
    rng: Random = field(default_factory=Random)
    _tries: int = 0

    def next_s(self) -> float:
        """The next delay: between half of the bound and the bound."""
        bound = min(self.most_s, self.first_s * 2.0 ** min(self._tries, 32))
        self._tries += 1
        return bound * self.rng.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Start over: what was tried has worked."""
        self._tries = 0
