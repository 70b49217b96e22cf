from hypothesis import given
from hypothesis import strategies as st

from quorate_sampling.planning import AnswerLengths
from quorate_sampling.planning.answers import ENOUGH, SPARE_TOKENS, WINDOW


def test_a_guess_holds_until_enough_answers_were_seen() -> None:
    answers = AnswerLengths()
    for _ in range(ENOUGH - 1):
        answers.saw(5)
    assert answers.expected(64) == 64
    answers.saw(5)
    assert answers.expected(64) == 5 + SPARE_TOKENS


def test_answers_that_get_longer_are_planned_for() -> None:
    answers = AnswerLengths()
    for tokens in [*[5] * 100, *[40] * 10]:
        answers.saw(tokens)
    assert answers.expected(16) == 40 + SPARE_TOKENS


@given(st.lists(st.integers(-5, 5000), max_size=3 * WINDOW), st.integers(1, 100))
def test_nearly_all_of_the_latest_answers_keep_to_what_is_expected(lengths, before) -> None:
    answers = AnswerLengths()
    for tokens in lengths:
        answers.saw(tokens)
    latest = [max(0, tokens) for tokens in lengths[-WINDOW:]]
    if len(latest) >= ENOUGH:
        assert sum(tokens <= answers.expected(before) for tokens in latest) >= 0.95 * len(latest)
    else:
        assert answers.expected(before) == before
