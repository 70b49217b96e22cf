"""What is compared: ways to get an answer from the same engine within a budget."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from benchmarks.deadline.arrivals import Arrival
from benchmarks.deadline.generator import Ask

GRACE_S = 3.0
"""A client of Quorate stays this much longer than its budget, to see how late a late answer is."""
GROUP = 4


@dataclass(frozen=True, slots=True)
class System:
    """One way to ask. `at` is who is asked: the gateway, or the engine behind it."""

    name: str
    at: Literal["gateway", "engine"]
    fields: Mapping[str, Any] = field(default_factory=dict)
    max_tokens: Mapping[float, int] = field(default_factory=dict)
    """By budget, where the client caps its answers."""

    def ask(self, arrival: Arrival, body: Mapping[str, Any]) -> Ask:
        """`body` with what this system's client adds to it.

        The stock engine's client leaves when its budget is over; Quorate's is told of it.
        """
        fields = {**body, **self.fields, "seed": arrival.seed}
        if arrival.budget_s in self.max_tokens:
            fields["max_tokens"] = self.max_tokens[arrival.budget_s]
        if self.at == "engine":
            return Ask(arrival.at_s, arrival.budget_s, fields)
        fields["deadline_ms"] = round(arrival.budget_s * 1000)
        return Ask(arrival.at_s, arrival.budget_s + GRACE_S, fields)


QUORATE = System("Quorate", "gateway")
QUORATE_GROUP = System(
    f"Quorate, up to {GROUP} samples", "gateway", {"consensus": {"max_samples": GROUP}}
)
STOCK = System("vLLM, client's timeout", "engine")


def tuned(max_tokens: Mapping[float, int]) -> System:
    """The stock engine with `max_tokens` set by hand for each budget."""
    return System("vLLM, max_tokens by hand", "engine", max_tokens=max_tokens)
