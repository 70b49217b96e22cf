from benchmarks.deadline.targets import Check, checks
from tests.benchmarks.deadline.replies import a_cell, reply

NOTHING = reply(status=0, content="", right=False)


def found(text: str, cells: list) -> Check:
    (check,) = [c for c in checks(cells, "Quorate", ["stock"]) if text in c.target]
    return check


def test_one_late_response_misses_the_first_target_whatever_it_was() -> None:
    cells = [a_cell([reply()] * 9), a_cell([reply()], system="stock")]
    assert found("0 late", cells).met
    assert not found("0 late", [a_cell([reply()] * 9 + [reply(status=504, server_s=1.1)])]).met
    assert not found("0 late", [a_cell([reply(told_late=True)])]).met


def test_late_groups_count_too() -> None:
    group = a_cell([reply(server_s=1.1)], system="Quorate, up to 4 samples")
    assert not found("0 late", [a_cell([reply()]), group]).met


def test_answered_is_held_against_loads_up_to_the_capacity() -> None:
    cells = [a_cell([reply()] * 98 + [NOTHING] * 2, load=1.0), a_cell([NOTHING], load=2.0)]
    assert not found("99% answered", cells).met


def test_goodput_at_the_most_load_is_held_against_the_best_of_any() -> None:
    best, least = [reply()] * 100, [reply()] * 89 + [NOTHING] * 11
    assert not found("goodput", [a_cell(best, load=1), a_cell(least, load=4)]).met
    assert found("goodput", [a_cell(least, load=1), a_cell(best, load=4)]).met


def test_slow_refusals_miss_their_target() -> None:
    slow = reply(status=503, content="", server_s=0.08)
    assert not found("refusals", [a_cell([reply(), slow])]).met
    assert found("refusals", [a_cell([reply()])]).met


def test_every_budget_has_to_beat_every_baseline() -> None:
    ours = a_cell([reply(budget_s=1), reply(budget_s=2)])
    wrong = a_cell([reply(budget_s=b, right=False) for b in (1, 2)], system="stock")
    assert found("above both", [ours, wrong]).met
    as_good = a_cell([reply(budget_s=1), reply(budget_s=2, right=False)], system="stock")
    assert not found("above both", [ours, as_good]).met


def test_forced_answers_have_to_use_their_time() -> None:
    assert found("forced answers", [a_cell([reply(server_s=0.9)])]).met
    assert not found("forced answers", [a_cell([reply(server_s=0.5)])]).met
    unforced = a_cell([reply(server_s=0.5, forced=False)])
    assert not [c for c in checks([unforced], "Quorate", []) if "forced" in c.target]


def test_no_cells_no_targets() -> None:
    assert checks([], "Quorate", ["stock"]) == []
