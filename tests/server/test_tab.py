from dataclasses import replace

from quorate_sampling.engine import EngineUsage, Sample
from quorate_server.ledger import Prices, together
from quorate_server.tab import Tab, wire_usage

END = (7, 8)


def tab_of(*samples: Sample) -> Tab:
    tab = Tab("m", "group", END)
    for sample in samples:
        tab.add(sample)
    return tab


def test_the_prompt_counts_once_and_completions_each_time() -> None:
    bill = tab_of(
        Sample(0, "finished", usage=EngineUsage(20, 5)),
        Sample(1, "cancelled", usage=EngineUsage(20, 3)),
        Sample(2, "failed", usage=EngineUsage(0, 2, exact=False)),
    ).bill()
    assert (bill.prompt_tokens, bill.completion_tokens, bill.cancelled_tokens) == (20, 10, 3)
    assert not bill.exact


def test_thought_tokens_end_where_the_marker_stands() -> None:
    thought = Sample(0, "finished", "t", "a", (1, 7, 2, 7, 8, 3), usage=EngineUsage(1, 6))
    assert tab_of(thought).bill().reasoning_tokens == 3


def test_a_forced_thought_counts_what_was_drawn_before_the_closer() -> None:
    forced = Sample(
        0, "finished", "t", "a", (1, 2, 3, 7, 8, 9), forced_span=(3, 5), usage=EngineUsage(1, 4)
    )
    assert tab_of(forced).bill().reasoning_tokens == 3


def test_a_sample_cancelled_in_its_thought_thought_all_of_it() -> None:
    cut = Sample(0, "cancelled", "t", "", (1, 2, 3), usage=EngineUsage(1, 3))
    assert tab_of(cut).bill().reasoning_tokens == 3


def test_a_model_that_does_not_think_has_no_thought_tokens() -> None:
    plain = Sample(0, "finished", "", "hello", (1, 2), usage=EngineUsage(1, 2))
    assert tab_of(plain).bill().reasoning_tokens == 0


def test_usage_has_openais_shape_with_cost_and_whether_it_is_estimated() -> None:
    bill = tab_of(Sample(0, "finished", usage=EngineUsage(1000, 500))).bill()
    usage = wire_usage(bill, Prices(prompt=2.0, completion=4.0))
    assert usage["total_tokens"] == 1500
    assert usage["cost"] == 0.004
    assert usage["estimated"] is False
    assert wire_usage(bill, None)["cost"] is None


def test_what_was_asked_beside_the_samples_is_billed_with_a_prompt_of_its_own() -> None:
    tab = tab_of(Sample(0, "finished", usage=EngineUsage(20, 5)))
    tab.add_aside(EngineUsage(30, 2))
    tab.add_aside(EngineUsage(10, 1, exact=False))
    bill = tab.bill()
    assert (bill.prompt_tokens, bill.completion_tokens) == (60, 8)
    assert not bill.exact


def test_bills_of_several_models_are_one_for_the_client() -> None:
    first = tab_of(Sample(0, "cancelled", usage=EngineUsage(20, 5))).bill()
    second = tab_of(Sample(0, "finished", usage=EngineUsage(22, 7, exact=False))).bill()
    both = together((first, second))
    assert (both.prompt_tokens, both.completion_tokens, both.cancelled_tokens) == (42, 12, 5)
    assert not both.exact


def test_what_was_thought_beside_a_forced_answer_is_shown_as_cancelled() -> None:
    forced = Sample(
        0,
        "finished",
        "t",
        "a",
        (1, 2, 3, 7, 8, 9),
        forced_by="ids",
        forced_span=(3, 5),
        usage=EngineUsage(1, 104),
    )
    assert tab_of(forced).bill().cancelled_tokens == 100


def test_a_forced_answer_that_was_not_needed_is_shown_as_cancelled() -> None:
    whole = Sample(0, "finished", "t", "a", (1, 2, 7, 8, 9), probe_tokens=12)
    spent = replace(whole, usage=EngineUsage(1, 17))
    assert tab_of(spent).bill().cancelled_tokens == 12
