"""How many samples to start next: what the rule needs, within time, load and cost."""

from dataclasses import dataclass
from math import ceil, inf

ROUNDS_TO_SPARE = 4.0
"""With time for so many samples one after another, a deadline does not hurry the drawing."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What bears on how many samples may be started now; None where nothing is known or set.

    `seconds_left` until thoughts have to be closed, `sample_seconds` a whole sample takes.
    `free_slots`: samples that the engine could run beside those it runs. `tokens_left` of the
    request's limit once what is in flight has ended, `sample_tokens` a sample is expected to take.
    """

    in_flight: int
    started: int
    max_samples: int
    seconds_left: float | None = None
    sample_seconds: float | None = None
    free_slots: int | None = None
    tokens_left: float | None = None
    sample_tokens: float | None = None


def samples_to_start(needed: int, now: Situation) -> int:
    """How many samples to start, when the rule needs `needed` in flight; 0 or more.

    With time to spare it is what the rule asks for: the thriftiest. With time for but a few
    rounds, as many at once as would use up all samples in those rounds, unless they could not end
    in time any more. What the engine would only queue is not started, but for one sample to go on
    with: under load groups get smaller before anybody is refused. The cost limit holds whatever
    is needed.
    """
    left = now.max_samples - now.started
    wanted = needed
    follow = rounds(now)
    if follow >= 1.0 or not now.started:
        wanted = max(needed, now.in_flight + ceil(left / max(1.0, follow)))
    start = max(0, min(wanted - now.in_flight, left))
    if now.free_slots is not None:
        start = min(start, max(now.free_slots, 0 if now.in_flight else 1))
    if now.tokens_left is not None:
        start = min(start, _affordable(now))
    return start


def rounds(now: Situation) -> float:
    """How many samples can follow one another; 1 where it is not known: better wide than late."""
    if now.seconds_left is None:
        return inf
    if now.sample_seconds is None:
        return 1.0
    follow = now.seconds_left / max(now.sample_seconds, 1e-6)
    return inf if follow >= ROUNDS_TO_SPARE else follow


def _affordable(now: Situation) -> int:
    """How many more the cost limit allows; the first always, to learn what a sample costs."""
    assert now.tokens_left is not None
    if now.tokens_left <= 0:
        return 0
    if now.sample_tokens is None:
        return 0 if now.in_flight else 1
    return int(now.tokens_left // max(now.sample_tokens, 1.0))
