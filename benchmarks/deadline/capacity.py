"""What the engine can do: answers a second when it is saturated, and how fast it is alone."""

import statistics
from dataclasses import dataclass

from benchmarks.deadline.arrivals import at_once
from benchmarks.deadline.cells import Ran, Stand, run
from benchmarks.deadline.generator import ClosedLoop
from benchmarks.deadline.systems import STOCK, System

NO_LIMIT_S = 3600.0
WARMED_UP = 0.5
"""The first part of a run is not counted: short thoughts end first."""
SHORT_TOKENS, LONG_TOKENS = 1, 129
ALONE = 5


@dataclass(frozen=True, slots=True)
class Speed:
    """An idle engine's: seconds to the first token, and for each one after it."""

    first_token_s: float
    token_s: float

    def tokens_within(self, seconds: float) -> int:
        """How many tokens it draws in that time."""
        return max(1, int((seconds - self.first_token_s) / self.token_s))


def capacity(stand: Stand, seconds: float) -> float:
    """Whole answers a second, thoughts and all, with as many requests at once as it takes.

    Counted over the second half of a closed loop of `seconds`.
    """
    closed = ClosedLoop(stand.saturated_by, seconds)
    asked = at_once(round(stand.saturated_by + 40 * seconds), NO_LIMIT_S, seed=1)
    ended = [
        s.outcome.at_s + s.outcome.server_s
        for s in run(stand, STOCK, asked, closed).served
        if s.outcome.status == 200
    ]
    counted = sum(end >= seconds * WARMED_UP for end in ended)
    return counted / (seconds * (1 - WARMED_UP))


def idle_speed(stand: Stand) -> Speed:
    """From short and long answers, one after another; medians."""
    short = _alone(stand, SHORT_TOKENS)
    token_s = (_alone(stand, LONG_TOKENS) - short) / (LONG_TOKENS - SHORT_TOKENS)
    return Speed(first_token_s=short, token_s=token_s)


def _alone(stand: Stand, tokens: int) -> float:
    system = System("alone", "engine", {"max_tokens": tokens, "ignore_eos": True})
    ran: Ran = run(
        stand, system, at_once(ALONE, NO_LIMIT_S, seed=tokens), ClosedLoop(1, NO_LIMIT_S)
    )
    return statistics.median(s.outcome.server_s for s in ran.served)
