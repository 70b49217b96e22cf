import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate_server.engines.hedge_budget import BURST, MOST_SHARE, HedgeBudget


@given(st.floats(0, MOST_SHARE), st.lists(st.booleans(), max_size=400))
def test_no_more_than_its_share_of_draws_is_ever_hedged(share: float, wanted: list[bool]) -> None:
    budget, sent = HedgeBudget(share), 0
    for drawn, hedge in enumerate(wanted, 1):
        budget.drawn()
        sent += hedge and budget.take()
        assert sent <= share * drawn + 1e-9
    assert budget.counts.sent == sent


def test_no_more_than_a_burst_is_saved_up() -> None:
    budget = HedgeBudget(MOST_SHARE)
    for _ in range(10_000):
        budget.drawn()
    assert sum(budget.take() for _ in range(100)) == BURST


def test_it_is_off_by_default() -> None:
    budget = HedgeBudget()
    for _ in range(1_000):
        budget.drawn()
    assert not budget.take()


@pytest.mark.parametrize("share", [-0.01, 0.051, 1.0, float("nan")])
def test_a_share_that_would_make_things_worse_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        HedgeBudget(share)
