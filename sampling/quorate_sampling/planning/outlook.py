"""What an engine is predicted to need for one request's samples: all that a plan knows of it."""

from dataclasses import dataclass

from quorate_sampling.pace import Pace
from quorate_sampling.pacing import Conditions

FAST = 0.1
LIKELY = 0.5
SLOW = 0.95
SHORT = 1 / 16
"""Quantile of a short sample's length."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds to the first token and between two tokens of one sample."""

    first_token_s: float
    token_s: float

    def thinking_tokens(self, seconds: float) -> int:
        """How long a thought gets that is asked for now and closed in `seconds`."""
        return max(0, int((seconds - self.first_token_s) / max(self.token_s, 1e-6)))


@dataclass(frozen=True, slots=True)
class Outlook:
    """Predictions under the load as it is.

    `likely` are medians, `fast` what only one of ten is faster than. The rest is in seconds and
    cautious, 95th percentiles: `closed_s` is a sample whose thought is closed from the start,
    `sample_s` one that thinks to its own end; `sample_tokens` how long such a one is, the median,
    and `short_sample_tokens` a short one. None before any was seen. `measured`: whether the engine
    was ever seen to close a thought, so that these are more than guesses.
    """

    likely: Speed
    fast: Speed
    closed_s: float
    sample_s: float | None = None
    sample_tokens: float | None = None
    short_sample_tokens: float | None = None
    measured: bool = True


def outlook(pace: Pace, *, answer_tokens: int, prompt_tokens: int, together: int = 1) -> Outlook:
    """What the engine is predicted to need for `together` samples that are sent at once now."""
    under = pace.conditions(prompt_tokens=prompt_tokens, more=max(0, together - 1))
    slow = _speed(pace, SLOW, under)
    return Outlook(
        likely=_speed(pace, LIKELY, under),
        fast=_speed(pace, FAST, under),
        closed_s=slow.first_token_s + answer_tokens * slow.token_s,
        sample_s=pace.sample_s(SLOW, under),
        sample_tokens=pace.sample_tokens(),
        short_sample_tokens=pace.sample_tokens(SHORT),
        measured=pace.shortest_answer_s() > 0,
    )


def _speed(pace: Pace, q: float, under: Conditions) -> Speed:
    return Speed(pace.first_token_s(q, under), pace.token_s(q, under))
