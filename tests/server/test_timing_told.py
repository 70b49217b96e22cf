from dataclasses import replace

from quorate_sampling.deadline import Deadline
from quorate_sampling.planning import Course
from quorate_server.timing_told import course_told, deadline_told
from tests.sampling.planning.situations import planned

DEADLINE = Deadline(10.0, 13.5, lambda: 13.12)


def course() -> Course:
    taken = Course()
    first = planned(3.5)
    taken.take(10.1, first)
    taken.take(11.0, replace(first.moved(2.0), why="slower"))
    return taken


def test_a_deadline_tells_its_plan_and_what_became_of_it() -> None:
    told = deadline_told(DEADLINE, course(), forced=3, queued_s=0.25)
    assert told == {
        "budget_ms": 3500,
        "elapsed_ms": 3120,
        "met": True,
        "forced": 3,
        "queued_ms": 250,
        "plan": {
            "mode": "raced",
            "samples": 16,
            "thinking_tokens": told["plan"]["thinking_tokens"],
            "closed": 2,
            "waves": 1,
            "replanned": 1,
        },
    }
    assert told["plan"]["thinking_tokens"] > 300


def test_without_a_plan_none_is_told_and_a_reason_only_where_there_is_one() -> None:
    told = deadline_told(DEADLINE, None, forced=0)
    assert told["plan"] is None
    assert "not_forced" not in told
    assert deadline_told(DEADLINE, Course(), forced=0, not_forced="tools")["not_forced"] == "tools"


def test_what_is_written_after_the_deadline_was_not_met() -> None:
    late = Deadline(10.0, 13.5, lambda: 23.5)
    assert deadline_told(late, course(), forced=0)["met"] is False


def test_a_trace_has_every_step_and_its_reason() -> None:
    first, second = course_told(course(), DEADLINE)
    assert (first["at_ms"], second["at_ms"]) == (100, 1000)
    assert (first["mode"], first["start"], first["net"]) == ("raced", 14, 2)
    assert (second["start"], second["why"]) == (0, "slower")
