import json
from typing import Any

import pytest

from benchmarks.deadline.arrivals import Arrival
from benchmarks.deadline.cells import Served
from benchmarks.deadline.generator import Outcome
from benchmarks.deadline.questions import Asked
from benchmarks.deadline.reply import replies
from tests.benchmarks.deadline.replies import reply


def served(status: int, body: str, server_s: float = 0.5) -> Served:
    outcome = Outcome(status, 0.0, server_s, server_s + 0.1, 0.0, body)
    return Served(Arrival(0.0, 1.0, 1, 1), Asked({}, 42), outcome)


def completion(content: str | None, **more: Any) -> str:
    message = {"role": "assistant", "content": content}
    usage = {"completion_tokens": 7}
    return json.dumps({"choices": [{"message": message}], "usage": usage, **more})


def test_a_right_answer_in_time_is_both() -> None:
    told = {"deadline": {"forced": 1, "met": True, "plan": {"mode": "raced"}}}
    (got,) = replies([served(200, completion(r"\boxed{42}", **told))])
    assert got.answered
    assert got.right
    assert (got.tokens, got.forced, got.told_late, got.mode) == (7, True, False, "raced")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (0, ""),
        (200, completion(None)),
        (200, completion("")),
        (200, "{"),
        (200, "[]"),
        (503, json.dumps({"error": {"code": "overloaded"}})),
    ],
)
def test_no_answer_is_neither(status: int, body: str) -> None:
    (got,) = replies([served(status, body)])
    assert not got.answered
    assert not got.right


def test_an_answer_after_the_deadline_is_late_and_not_answered() -> None:
    (got,) = replies([served(200, completion("42"), server_s=1.01)])
    assert got.late_at_server
    assert not got.answered


def test_an_error_after_the_deadline_is_late_too_and_a_client_that_left_is_not() -> None:
    assert reply(status=504, content="", server_s=1.2).late_at_server
    assert not reply(status=0, content="", server_s=1.2).late_at_server
