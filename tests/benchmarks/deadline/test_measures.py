import pytest

from benchmarks.deadline.measures import ALL_BUDGETS, Row, bootstrap, quantile
from tests.benchmarks.deadline.replies import a_cell, reply


def whole(got: list) -> Row:
    return a_cell(got).rows[-1]


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
