from benchmarks.budget.ways import BOUND, CLOSED, TRUNCATED, WHOLE
from benchmarks.deadline.arrivals import Arrival

ARRIVAL = Arrival(0.0, 0.6, 1, 1)


def test_only_the_gateway_is_told_of_the_budget() -> None:
    told = {way.name: "deadline_ms" in way.ask(ARRIVAL, {}).body for way in (*BOUND, WHOLE)}
    assert [told[way.name] for way in BOUND] == [True, True, True, False]
    assert not told[WHOLE.name]
    assert TRUNCATED.ask(ARRIVAL, {}).give_up_s == 0.6


def test_a_closed_thought_is_closed_by_the_template() -> None:
    body = CLOSED.ask(ARRIVAL, {}).body
    assert body["chat_template_kwargs"] == {"enable_thinking": False}
