"""What became of requests at an engine's door, counted."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Refusal = Literal["infeasible", "overloaded", "queue_full", "server_full", "waited_in_vain"]
"""Why one was refused: no engine could, this one cannot under its load, too many wait already, all
engines together draw as many samples as the server allows, or it was let wait and the load did not
recede as predicted."""

BOUNDS_S = (0.0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


@dataclass(slots=True)
class DoorCounts:
    """Refusals by reason, and how long the others waited: counts under each of `BOUNDS_S`."""

    refused: Counter[Refusal] = field(default_factory=Counter)
    waits: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    waited_s: float = 0.0
    """All waits together."""

    def let_in(self, queued_s: float) -> None:
        """Note that one was let in after so long."""
        self.waits[bisect_left(BOUNDS_S, queued_s)] += 1
        self.waited_s += queued_s
