"""Whatever an engine does, a drawing is over by its deadline and everything is billed once."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from quorate_sampling.choices import draw_each
from quorate_sampling.closers import PreparedClosing
from quorate_sampling.deadline import Deadline
from quorate_sampling.drawing import Prompt
from quorate_sampling.engine import Sample
from quorate_sampling.errors import EngineFailed
from quorate_sampling.group import GroupPlan, draw_group
from quorate_sampling.pace import Pace
from quorate_sampling.planning import Course
from quorate_sampling.stopping import Auto
from quorate_sampling.timetable import Timetable, timetable
from quorate_verifiers import AnswerType
from tests.sampling.paced import paced
from tests.sampling.scripted import CLOSER_IDS, END_ID, Script, ScriptedEngine
from tests.sampling.virtual_time import VirtualTimeLoop, loop_clock

CLOSING = PreparedClosing(CLOSER_IDS, (END_ID,), last_words="", opener="\\boxed{")

scripts = st.builds(
    Script,
    answer=st.sampled_from(["46", "7}", "no idea", "\\boxed{1}" + " so" * 40]),
    thought=st.sampled_from([0, 3, 40, 100_000]),
    token_s=st.sampled_from([0.0005, 0.008, 0.3]),
    first_s=st.sampled_from([0.0, 0.04, 1.0, 60.0]),
    deaf=st.booleans(),
    error=st.sampled_from([None, None, None, EngineFailed("died")]),
    error_after=st.integers(0, 20),
)
paces = st.sampled_from([Pace, lambda: paced(closing_s=0.1), lambda: paced(token_s=0.001)])

Draws = Callable[[ScriptedEngine, Pace, Timetable, list[Sample], list[Course]], Awaitable[object]]


def over_in_time(budget_s: float, engine: ScriptedEngine, pace: Pace, draws: Draws) -> None:
    ended: list[Sample] = []
    courses: list[Course] = []

    async def scenario() -> None:
        deadline = Deadline.after(budget_s, started_at=0.0, clock=loop_clock)
        table = timetable(deadline, pace, 16)
        with suppress(EngineFailed):
            await draws(engine, pace, table, ended, courses)
        assert loop_clock() <= deadline.at + 1e-6
        assert engine.running == 0
        assert (pace.running, pace.waiting) == (0, 0)

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(scenario())
    (course,) = courses
    assert sorted(sample.index for sample in ended) == list(range(course.started))
    exact = [sample for sample in ended if sample.usage.exact]
    billed = sum(sample.usage.completion_tokens for sample in exact)
    assert billed <= engine.generated
    assert billed == engine.generated or len(exact) < len(ended)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([0.05, 0.3, 1.0, 3.5]),
    st.lists(scripts, min_size=1, max_size=4),
    scripts,
    paces,
    st.integers(1, 3),
)
def test_no_choice_is_late(budget_s, played, forced, pace, count) -> None:
    async def draws(engine, pace, table, ended, courses) -> None:
        await draw_each(
            engine,
            Prompt({"messages": []}, "q", closing=CLOSING),
            count,
            pace=pace,
            clock=loop_clock,
            timetable=table,
            on_end=ended.append,
            on_plan=courses.append,
        )

    over_in_time(budget_s, ScriptedEngine(played, forced=forced), pace(), draws)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([0.05, 0.3, 1.0, 3.5]),
    st.lists(scripts, min_size=1, max_size=8),
    scripts,
    paces,
    st.integers(1, 12),
    st.none() | st.integers(0, 8),
)
def test_no_group_is_late(budget_s, played, forced, pace, most, free_slots) -> None:
    async def draws(engine, pace, table, ended, courses) -> None:
        await draw_group(
            engine,
            Prompt({"messages": []}, "q", closing=CLOSING),
            GroupPlan(most, min(3, most), Auto(), AnswerType("number")),
            question="",
            pace=pace,
            clock=loop_clock,
            timetable=table,
            free_slots=lambda: free_slots,
            on_end=ended.append,
            on_plan=courses.append,
        )

    over_in_time(budget_s, ScriptedEngine(played, forced=forced), pace(), draws)
