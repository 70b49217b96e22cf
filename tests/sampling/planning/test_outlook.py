from hypothesis import given
from hypothesis import strategies as st

from quorate_sampling.pace import Pace
from quorate_sampling.planning import Speed, outlook


def test_a_thought_gets_what_is_left_after_its_first_token() -> None:
    speed = Speed(first_token_s=0.04, token_s=0.008)
    assert speed.thinking_tokens(1.0) == 120
    assert speed.thinking_tokens(0.04) == 0
    assert speed.thinking_tokens(-5.0) == 0


def test_an_engine_that_was_never_seen_to_answer_is_not_measured() -> None:
    pace = Pace()
    assert not outlook(pace, answer_tokens=24, prompt_tokens=100).measured
    pace.closed(0.2, whole=True)
    assert outlook(pace, answer_tokens=24, prompt_tokens=100).measured


@given(st.integers(0, 100_000), st.integers(1, 256), st.integers(0, 4096))
def test_what_is_predicted_is_never_negative(prompt, together, answer) -> None:
    ahead = outlook(Pace(), answer_tokens=answer, prompt_tokens=prompt, together=together)
    fast, likely = ahead.fast, ahead.likely
    assert 0 <= fast.first_token_s <= likely.first_token_s <= ahead.closed_s
    assert 0 <= fast.token_s <= likely.token_s
