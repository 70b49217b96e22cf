"""The engine's own limit on a thought, where it has one, from the time there is."""

from quorate_sampling.pace import Pace
from quorate_sampling.pacing import Conditions

FASTEST = 0.1
"""Quantile of the time per token where the gateway closes thoughts itself: its timer is exact, and
is to come first."""
SLOWEST = 0.95
"""Where it cannot: the limit alone has to end a thought in time."""


def thinking_budget(seconds: float, pace: Pace, under: Conditions, *, alone: bool) -> int:
    """How many tokens a thought may take that is asked for now and has to end in `seconds`.

    `alone`: nothing else ends it. At least 1.
    """
    if not alone:
        return max(1, int(seconds / pace.token_s(FASTEST, under)))
    thinking_s = seconds - pace.first_token_s(SLOWEST, under)
    return max(1, int(thinking_s / pace.token_s(SLOWEST, under)))
