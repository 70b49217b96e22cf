"""What a request asks of an engine, as far as letting it in is concerned."""

from dataclasses import dataclass, replace
from math import inf
from typing import Literal

UnderLoad = Literal["shorten", "triage", "refuse"]
"""What gives way when an engine is busy. `shorten`: how long everybody thinks. `triage`: who has
time for a whole thought keeps it, the others are answered without one. `refuse`: those are told to
come back."""

TYPICAL_NEEDED = 0.75
"""Of the time that a thought usually takes so much is enough for it to be tried: many are shorter,
and a bold guess costs one answer at most."""


@dataclass(frozen=True, slots=True)
class Demand:
    """How many samples at least, for how long, and until when; times in seconds of one clock.

    `asked_at` is when the request came; `end_by` when its samples must have ended, None without a
    deadline; `after_s` what the response takes once they have. `least_s`: the shortest time in
    which it could be answered on this engine, as loaded as it is. `first_s`: its time to first
    token where the engine is idle; 0 where that is not known. `typical_s`: what its samples take
    when nothing hurries them. `yielding`: whether it can be answered in less than that, its
    thinking cut; `under_load` then says whether it is. `brief`: whether it is answered without
    a thought, for others' sake.
    """

    samples: int = 1
    asked_at: float = 0.0
    end_by: float | None = None
    after_s: float = 0.0
    least_s: float = 0.0
    first_s: float = 0.0
    typical_s: float = 1.0
    yielding: bool = False
    under_load: UnderLoad = "shorten"
    brief: bool = False

    @property
    def needed_s(self) -> float:
        """How long it is planned with where it has to wait for its turn."""
        if not self.yielding:
            return max(self.least_s, self.typical_s)
        if not self.whole or self.end_by is None:
            return self.least_s
        return max(self.least_s, min(self.whole_s, self.end_by - self.asked_at))

    @property
    def whole(self) -> bool:
        """Whether its thought is to come to its end, or not to be begun where others need time."""
        return self.yielding and self.under_load != "shorten" and not self.brief

    @property
    def whole_s(self) -> float:
        """What a thought that comes to its end is planned with."""
        return TYPICAL_NEEDED * self.typical_s

    def fits(self, now: float) -> bool:
        """Whether it may come to the end of its thought if it was begun now."""
        return self.end_by is None or now + self.whole_s <= self.end_by

    def cut(self) -> "Demand":
        """The same, to be answered without a thought."""
        return replace(self, brief=True, typical_s=self.least_s)

    @property
    def start_by(self) -> float:
        """Until when its turn has to come; infinite without a deadline."""
        return inf if self.end_by is None else self.end_by - self.needed_s

    def possible(self, now: float) -> bool:
        """Whether it could be answered if it was begun now."""
        return self.end_by is None or now <= self.end_by - self.least_s

    def hopeless(self, now: float) -> bool:
        """Whether not even a bold guess gives it a chance any more."""
        return now > self.hopeless_at

    @property
    def hopeless_at(self) -> float:
        """What was promised a turn is begun a little late rather than never, but not from then on,
        when its time is all but over; infinite without a deadline."""
        return inf if self.end_by is None else self.end_by - self.least_s / 2

    def budget_s(self, end: float) -> float:
        """The budget with which its samples might end then."""
        return end + self.after_s - self.asked_at
