"""The order in which an engine with priority scheduling takes what it was given: lower first."""

import time

_AHEAD = 2**42
"""Milliseconds; no clock shows so many before the year 2109."""


def draw_priority(remaining_s: float) -> int:
    """That of a new sample whose deadline is so far off: the earlier, the lower, always below 0.

    0 is what requests without a deadline have. Counted from the machine's wall clock, so that
    several gateways before one engine agree about who comes first.
    """
    return round((time.time() + remaining_s) * 1000) - _AHEAD


def continuation_priority(remaining_s: float) -> int:
    """That of a forced answer: ahead of every new sample, since all that it needs is paid for."""
    return draw_priority(remaining_s) - _AHEAD
