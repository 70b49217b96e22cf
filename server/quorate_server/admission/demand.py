"""What a request asks of an engine, as far as letting it in is concerned."""

from dataclasses import dataclass
from math import inf
from typing import Literal

UnderLoad = Literal["shorten", "refuse"]
"""What gives way when more is asked for than an engine can think through: how long everybody
thinks, or how many are let in."""

TYPICAL_NEEDED = 0.75
"""Of what a whole thought usually takes so much has to be there: a prediction that was too dark
refuses for nothing, one that was too bright still gets an answer."""


@dataclass(frozen=True, slots=True)
class Demand:
    """How many samples at least, for how long, and until when; times in seconds of one clock.

    `asked_at` is when the request came; `end_by` when its samples must have ended, None without a
    deadline; `after_s` what the response takes once they have. `least_s`: the shortest time in
    which it could be answered on this engine, as loaded as it is. `first_s`: its time to first
    token where the engine is idle; 0 where that is not known. `typical_s`: what its samples take
    when nothing hurries them. `yielding`: whether it can be answered in less than that, its
    thinking cut. `whole`: whether a thought that was cut is next to worthless: then it is planned
    with what a whole one takes, as far as its budget goes, and nobody has it given less.
    """

    samples: int = 1
    asked_at: float = 0.0
    end_by: float | None = None
    after_s: float = 0.0
    least_s: float = 0.0
    first_s: float = 0.0
    typical_s: float = 1.0
    yielding: bool = False
    whole: bool = False

    @property
    def needed_s(self) -> float:
        """How long it is planned with where it has to wait for its turn."""
        if not self.yielding:
            return max(self.least_s, self.typical_s)
        return max(self.least_s, self._whole_s) if self.whole else self.least_s

    @property
    def _whole_s(self) -> float:
        """For a thought that comes to its end, or for as much of it as the budget allows."""
        budget_s = inf if self.end_by is None else self.end_by - self.asked_at
        return TYPICAL_NEEDED * min(self.typical_s, budget_s)

    @property
    def shares(self) -> bool:
        """Whether it is content with less time where others wait."""
        return self.yielding and not self.whole

    @property
    def start_by(self) -> float:
        """Until when its turn has to come; infinite without a deadline."""
        return inf if self.end_by is None else self.end_by - self.needed_s

    def possible(self, now: float) -> bool:
        """Whether it could be answered if it was begun now."""
        return self.end_by is None or now <= self.end_by - self.least_s

    def hopeless(self, now: float) -> bool:
        """Whether not even a bold guess gives it a chance any more: what was promised a turn is
        begun a little late rather than never, but not when its time is all but over."""
        return self.end_by is not None and now > self.end_by - self.least_s / 2

    def budget_s(self, end: float) -> float:
        """The budget with which its samples might end then."""
        return end + self.after_s - self.asked_at
