"""When requests come: open-loop, whoever is still waiting for an answer or not."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

BUDGETS_S = (0.5, 1.0, 2.0, 3.5, 8.0)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request of a run: when it is sent, what it asks, how long it may take.

    `question` is the number of a question, `seed` that of its sampling.
    """

    at_s: float
    budget_s: float
    question: int
    seed: int


def poisson(
    rate: float, seconds: float, *, seed: int, budgets_s: Sequence[float] = BUDGETS_S
) -> tuple[Arrival, ...]:
    """Arrivals of a Poisson process of `rate` a second, each with a budget drawn at random.

    The same seed gives the same requests at the same times: systems are compared on them.
    """
    rng = random.Random(f"arrivals {seed} {rate:.6f}")
    arrivals: list[Arrival] = []
    at = rng.expovariate(rate)
    while at < seconds:
        question = rng.randrange(1_000_000)
        arrivals.append(Arrival(at, rng.choice(budgets_s), question, rng.randrange(2**31)))
        at += rng.expovariate(rate)
    return tuple(arrivals)


def at_once(count: int, budget_s: float, *, seed: int) -> tuple[Arrival, ...]:
    """As many requests at the same moment, for a closed loop to send one after another."""
    rng = random.Random(f"at once {seed}")
    return tuple(
        Arrival(0.0, budget_s, rng.randrange(1_000_000), rng.randrange(2**31)) for _ in range(count)
    )
