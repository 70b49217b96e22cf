from benchmarks.deadline.arrivals import Arrival
from benchmarks.deadline.systems import GRACE_S, QUORATE, QUORATE_GROUP, STOCK, tuned

ARRIVAL = Arrival(at_s=2.0, budget_s=3.5, question=1, seed=9)
BODY = {"model": "m", "messages": []}


def test_quorate_is_told_the_budget_and_its_client_waits_to_see_how_late() -> None:
    ask = QUORATE.ask(ARRIVAL, BODY)
    assert ask.body == {**BODY, "seed": 9, "deadline_ms": 3500}
    assert (ask.at_s, ask.give_up_s) == (2.0, 3.5 + GRACE_S)
    assert QUORATE_GROUP.ask(ARRIVAL, BODY).body["consensus"] == {"max_samples": 4}


def test_the_stock_engine_is_asked_plainly_and_left_in_time() -> None:
    ask = STOCK.ask(ARRIVAL, BODY)
    assert ask.body == {**BODY, "seed": 9}
    assert ask.give_up_s == 3.5


def test_limits_set_by_hand_go_by_the_budget() -> None:
    assert tuned({3.5: 400, 8.0: 900}).ask(ARRIVAL, BODY).body["max_tokens"] == 400
