"""A plan: what a drawing does with its time, as a value."""

from dataclasses import dataclass, replace
from typing import Literal

Mode = Literal["closed", "raced", "thrifty"]
"""`closed`: no time to think anything useful, so thoughts are closed from the start and answers
drawn in parallel. `raced`: samples think until it is time to close their thoughts, beside a net of
closed ones. `thrifty`: time for whole samples, drawn as the stopping rule asks for them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start now, and how it is to go on.

    `samples` is how many to start now whose answers are meant to vote, `net` how many
    closed-thought ones beside them (see `SafetyNet`). `waves`: how many samples can follow one
    another, at least 1 where any is started. `thinking_tokens`: how long a thought that starts now
    is expected to get until it is closed, 0 where it is closed from the start. `close_at` and
    `end_at` are those of the `Timetable`, in seconds of its clock. `why` is for people.
    """

    mode: Mode
    samples: int
    net: int
    waves: int
    thinking_tokens: int
    close_at: float
    end_at: float
    why: str

    def moved(self, close_at: float) -> "Plan":
        """This plan under way, with its closing time moved and nothing more to start."""
        return replace(self, samples=0, net=0, waves=0, close_at=close_at)

    @property
    def closed(self) -> int:
        """How many of those to start have their thought closed from the start."""
        return self.net + (self.samples if self.mode == "closed" else 0)
