"""A group drawn from a scripted engine, against a clock that tests turn."""

from quorate_sampling.closers import PreparedClosing
from quorate_sampling.deadline import Deadline
from quorate_sampling.drawing import Prompt
from quorate_sampling.engine import Sample
from quorate_sampling.group import Group, GroupPlan, Progress, draw_group
from quorate_sampling.pace import Pace
from quorate_sampling.stopping import Margin, StoppingRule
from quorate_sampling.timetable import Timetable
from quorate_verifiers import AnswerType
from tests.sampling.scripted import CLOSER_IDS, END_ID, ScriptedEngine
from tests.sampling.virtual_time import loop_clock

CLOSING = PreparedClosing(CLOSER_IDS, (END_ID,), last_words="Time is up.", opener="")


def plan(rule: StoppingRule | None = None, most: int = 16, least: int = 3) -> GroupPlan:
    return GroupPlan(most, least, rule or Margin(3), AnswerType("number"))


async def group_of(
    engine: ScriptedEngine,
    group_plan: GroupPlan | None = None,
    *,
    budget_s: float | None = None,
    closing_s: float = 0.3,
    closing: PreparedClosing | None = CLOSING,
    limit: int | None = None,
    context: int | None = None,
    ended: list[Sample] | None = None,
    seen: list[Progress] | None = None,
    pace: Pace | None = None,
    free_slots: int | None = None,
) -> Group:
    table = None
    if budget_s is not None:
        deadline = Deadline.after(budget_s, started_at=loop_clock(), clock=loop_clock)
        end_at = deadline.at - 0.06
        table = Timetable(deadline, end_at - closing_s, end_at)
    return await draw_group(
        engine,
        Prompt({"messages": []}, "q", seed=1, closing=closing, limit=limit, context=context),
        group_plan or plan(),
        question="",
        pace=pace or Pace(),
        clock=loop_clock,
        timetable=table,
        free_slots=lambda: free_slots,
        observe=seen.append if seen is not None else None,
        on_end=ended.append if ended is not None else None,
    )
