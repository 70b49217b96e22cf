"""Requests that arrive on their own, however busy the engine is, at a rate that changes."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.simulated.timing import Batch, Costs, Request

PROMPT_TOKENS = (100, 8000)
OUTPUT_TOKENS = (16, 512)
"""Both drawn log-uniformly."""
CACHED_SHARE = 0.25
"""Requests that share most of their prompt with one before: a conversation going on."""
CACHED_PART = (0.5, 0.95)
SATURATING = 1000


@dataclass(frozen=True, slots=True)
class Phase:
    """So many requests in a row at a load, in parts of what the engine can keep up with."""

    load: float
    requests: int


LEARNING = Phase(0.3, 200)
JUDGED = (Phase(0.3, 250), Phase(0.9, 250), Phase(1.3, 250), Phase(0.5, 250))


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request and when it is sent, in seconds."""

    at: float
    request: Request


def traffic(seed: int, capacity: float, phases: Sequence[Phase]) -> tuple[Arrival, ...]:
    """Poisson arrivals, phase after phase. `capacity` is in requests/s."""
    rng = random.Random(seed)
    requests = _requests(rng)
    arrivals, now = [], 0.0
    for phase in phases:
        for _ in range(phase.requests):
            now += rng.expovariate(phase.load * capacity)
            arrivals.append(Arrival(now, next(requests)))
    return tuple(arrivals)


def capacity(costs: Costs) -> float:
    """How many such requests the engine finishes a second while there are always more."""
    batch, requests = Batch(costs), _requests(random.Random(0))
    for _ in range(SATURATING):
        batch.add(next(requests))
    seconds, ended = 0.0, 0
    while ended < SATURATING / 2:
        step = batch.step()
        seconds += step.seconds
        ended += len(step.ended)
    return ended / seconds


def _requests(rng: random.Random) -> Iterator[Request]:
    number = 0
    while True:
        prompt, output = _log_uniform(rng, *PROMPT_TOKENS), _log_uniform(rng, *OUTPUT_TOKENS)
        shares = rng.random() < CACHED_SHARE
        cached = int(prompt * rng.uniform(*CACHED_PART)) if shares else 0
        yield Request(str(number), prompt, output, cached)
        number += 1


def _log_uniform(rng: random.Random, least: int, most: int) -> int:
    return round(math.exp(rng.uniform(math.log(least), math.log(most))))
