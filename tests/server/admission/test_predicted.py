import pytest

from quorate_sampling.pace import Pace
from quorate_sampling.pacing import Conditions
from quorate_server.admission.predicted import LEAST_BUDGET_S, idle_s, least_s, typical_s


class Known(Pace):
    """An engine that reads 1,000 tokens/s and slows down with each sample it draws."""

    def first_token_s(self, q: float = 0.95, under: Conditions | None = None) -> float:
        under = under or Conditions()
        return 0.05 + 0.001 * under.prompt_tokens + 0.01 * under.running

    def token_s(self, q: float = 0.95, under: Conditions | None = None) -> float:
        return 0.005 + 0.001 * (under or Conditions()).running


def known(*, running: int = 0, closing_s: float | None = 0.1) -> Known:
    pace = Known()
    pace.running = running
    if closing_s is not None:
        pace.closed(closing_s, whole=True)
    return pace


def seen(pace: Known) -> Known:
    """That has drawn some samples of 300 tokens."""
    for _ in range(9):
        times = iter([0.0, 0.05, 0.05])
        timing = pace.sent(0, clock=times.__next__)
        timing.first_token()
        timing.ended(300)
    pace._sample_tokens.extend([300.0] * 9)
    return pace


def test_an_engine_nothing_is_known_of_refuses_next_to_nothing() -> None:
    assert idle_s(Pace(), 8000) == least_s(Pace(), 8000) == LEAST_BUDGET_S


def test_a_long_prompt_has_to_be_read_first() -> None:
    assert idle_s(known(), 4000) - idle_s(known(), 0) == pytest.approx(4.0)


def test_load_makes_the_least_longer_but_not_what_an_idle_engine_could_do() -> None:
    assert least_s(known(running=40), 0) > 3 * least_s(known(), 0)
    assert idle_s(known(running=40), 0) == idle_s(known(), 0)


def test_no_load_makes_it_shorter_than_on_an_idle_engine() -> None:
    for running in (0, 1, 100):
        for prompt_tokens in (0, 10, 8000):
            pace = known(running=running)
            assert least_s(pace, prompt_tokens) >= idle_s(pace, prompt_tokens)


def test_what_closes_no_thought_takes_no_longer_for_those_that_do() -> None:
    pace = seen(known(closing_s=5.0))
    assert idle_s(pace, 100, 1) == pytest.approx(0.15)
    assert idle_s(pace, 100, 8) == pytest.approx(0.15 + 7 * 0.005)
    assert least_s(pace, 100, 8) < 5.0 == idle_s(pace, 0)
    pace.running = 40
    assert least_s(pace, 100, 8) > 2 * idle_s(pace, 100, 8)


def test_nothing_is_refused_on_a_guess_that_closes_no_thought() -> None:
    assert idle_s(Pace(), 8000, 8) == least_s(Pace(), 8000, 8) == LEAST_BUDGET_S


def test_a_sample_lasts_what_the_engine_was_seen_to_take() -> None:
    assert typical_s(Pace()) > 0
    assert typical_s(seen(known())) == pytest.approx(0.05 + 300 * 0.005)


@pytest.mark.parametrize(("limit", "tokens"), [(8, 8), (10_000, 300), (10**400, 300), (-1, 1)])
def test_and_no_longer_than_it_may_become(limit: int, tokens: int) -> None:
    assert typical_s(seen(known()), limit) == pytest.approx(0.05 + tokens * 0.005)
