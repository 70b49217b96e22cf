"""Plans made at 0 s of a clock, for engines of known speed."""

from dataclasses import replace
from typing import Any

from quorate_sampling.closers import CutThoughts
from quorate_sampling.deadline import Deadline
from quorate_sampling.planning import Allowed, Outlook, Plan, Speed, plan
from quorate_sampling.scheduler import Situation
from quorate_sampling.timetable import TAIL_S, Reserve, Timetable

STEADY = Speed(first_token_s=0.04, token_s=0.008)
GPU = Outlook(STEADY, STEADY, closed_s=0.25, sample_s=20.0, sample_tokens=1000.0)
"""A 7-B model on one GPU, thinking for a thousand tokens."""


def table(budget_s: float, closing_s: float = 0.25) -> Timetable:
    deadline = Deadline(0.0, budget_s, lambda: 0.0)
    end_at = budget_s - TAIL_S
    most_s = max(0.0, end_at) / 2
    return Timetable(deadline, end_at - min(closing_s, most_s), end_at, Reserve(24, most_s))


def planned(
    budget_s: float,
    ahead: Outlook = GPU,
    *,
    needed: int = 3,
    at: float = 0.0,
    max_samples: int = 16,
    closing: bool = True,
    votes: bool = True,
    cut_thoughts: CutThoughts = "useful",
    before: Plan | None = None,
    **now: Any,
) -> Plan:
    situation = replace(Situation(in_flight=0, started=0, max_samples=max_samples), **now)
    allowed = Allowed(closing, votes, cut_thoughts)
    return plan(needed, situation, at, table(budget_s), ahead, allowed, before=before)
