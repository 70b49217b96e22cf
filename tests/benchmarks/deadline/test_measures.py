import json
from typing import Any

import pytest

from benchmarks.deadline.arrivals import Arrival
from benchmarks.deadline.cells import Served
from benchmarks.deadline.generator import Outcome
from benchmarks.deadline.measures import ALL_BUDGETS, Row, bootstrap, quantile, replies
from benchmarks.deadline.questions import Asked
from tests.benchmarks.deadline.replies import a_cell, reply


def served(status: int, body: str, server_s: float = 0.5) -> Served:
    outcome = Outcome(status, 0.0, server_s, server_s + 0.1, 0.0, body)
    return Served(Arrival(0.0, 1.0, 1, 1), Asked({}, 42), outcome)


def completion(content: str | None, **more: Any) -> str:
    message = {"role": "assistant", "content": content}
    usage = {"completion_tokens": 7}
    return json.dumps({"choices": [{"message": message}], "usage": usage, **more})


def whole(got: list) -> Row:
    return a_cell(got).rows[-1]


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


def test_what_only_the_client_saw_late_is_told_apart() -> None:
    row = whole([reply(server_s=0.99, client_s=1.02), reply()])
    assert (row.late_at_server, row.late_at_client) == (0, 1)


def test_shares_are_of_all_requests() -> None:
    refused = reply(status=503, content="", right=False, server_s=0.01)
    missed = reply(status=504, content="", right=False)
    row = whole([reply(), reply(right=False, forced=False), refused, missed])
    assert row.answered.share == 0.5
    assert row.right.share == 0.25
    assert row.refused.share == 0.25
    assert row.refused_p99_ms == pytest.approx(10)
    assert row.missed == 1
    assert row.forced.share == 0.5
    assert row.elapsed_share == pytest.approx(0.9)


def test_only_who_thought_until_it_was_time_could_have_used_more_of_it() -> None:
    closed = reply(mode="closed", server_s=0.2)
    whole_thought = reply(forced=False, server_s=0.3)
    assert whole([reply(), closed, whole_thought]).forced_elapsed_share == pytest.approx(0.9)
    assert whole([closed, whole_thought]).forced_elapsed_share is None


def test_budgets_have_rows_of_their_own_and_one_together() -> None:
    rows = a_cell([reply(budget_s=b) for b in (2.0, 1.0, 2.0)]).rows
    assert [(row.budget_s, row.requests) for row in rows] == [(1, 1), (2, 2), (ALL_BUDGETS, 3)]


def test_what_no_answer_in_time_was_billed_for_is_wasted() -> None:
    got = [reply(tokens=300), reply(tokens=300, server_s=1.5), reply(status=0, tokens=0)]
    assert a_cell(got).wasted == pytest.approx(0.7)


def test_goodput_has_an_interval_around_it() -> None:
    middle, low, high = a_cell([reply(), reply(status=0)] * 20).goodput
    assert middle == 2.0
    assert low < middle < high


def test_nothing_has_no_quantile_and_no_rate() -> None:
    assert quantile([], 0.99) is None
    assert quantile([3.0, 1.0, 2.0], 0.99) == 3.0
    assert bootstrap([], sum) == (0.0, 0.0, 0.0)
