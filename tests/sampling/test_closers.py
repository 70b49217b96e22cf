import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate_sampling.closers import Closing, PreparedClosing, begun, find

START, END, NL, BOX = 7, 8, 9, 10
CLOSING = PreparedClosing(
    token_ids=(5, 6, NL, END, NL, BOX),
    end_ids=(END,),
    last_words="Time is up.",
    opener="[",
    start_ids=(START,),
    at_once_ids=(NL, END, NL, BOX),
    skipped_ids=(START, NL, END, NL, BOX),
)
HARMONY = PreparedClosing(
    token_ids=(30, 31, 20, 22, 23),
    end_ids=(20, 22, 23),
    last_words="",
    opener="",
    start_ids=(20, 21, 23),
    at_once_ids=(30, 31, 20, 22, 23),
    skipped_ids=(20, 22, 23),
)
"""Channels, as gpt-oss has them: markers of several tokens that begin alike."""

ids = st.lists(st.integers(0, 4), max_size=12)


def test_a_thought_that_the_prompt_has_opened_is_closed_at_once() -> None:
    assert CLOSING.from_start((1, 2, START, NL)) == CLOSING.at_once_ids


def test_a_thought_that_the_model_would_open_is_left_out() -> None:
    assert CLOSING.from_start((1, 2)) == CLOSING.skipped_ids
    assert HARMONY.from_start((1, 2)) == HARMONY.skipped_ids


def test_a_prompt_that_has_closed_the_thought_needs_no_closer() -> None:
    closed = (1, 2, START, NL, NL, END, NL, NL)
    assert CLOSING.from_start(closed) == ()
    assert CLOSING.behind(closed, ()) == ()


def test_a_thought_of_an_earlier_turn_says_nothing_of_this_one() -> None:
    earlier = (START, 1, END, *(1,) * 20)
    assert CLOSING.from_start(earlier) == CLOSING.skipped_ids
    assert CLOSING.from_start((*earlier, START)) == CLOSING.at_once_ids


def test_what_is_known_of_no_start_is_closed_all_the_same() -> None:
    poor = PreparedClosing((NL, END), (END,), last_words="", opener="")
    assert poor.from_start((1, 2)) == ()
    assert poor.behind((1, 2), ()) == (NL, END)


def test_a_thought_is_closed_with_words_once_there_is_one() -> None:
    assert CLOSING.behind((1, START), (1, 2)) == CLOSING.token_ids
    assert CLOSING.behind((1, START), ()) == CLOSING.at_once_ids


def test_a_closer_that_the_model_had_begun_is_completed() -> None:
    assert HARMONY.behind((1,), (20, 21, 23, 1, 30, 31)) == (20, 22, 23)
    assert HARMONY.behind((1,), (20, 21, 23, 1, 30, 31, 20)) == (22, 23)


def test_a_start_marker_cut_in_two_is_completed() -> None:
    assert HARMONY.behind((1,), (20,)) == (21, 23, *HARMONY.token_ids)
    assert HARMONY.behind((1,), (20, 21)) == (23, *HARMONY.token_ids)
    assert HARMONY.behind((1,), (20, 21, 23)) == HARMONY.token_ids


@pytest.mark.parametrize(
    ("prompt", "drawn", "span"),
    [
        ((1, START), (1, 1, 1, END, 5), (3, 4)),
        ((1, START, NL), (1, 1, END, 5), (2, 3)),  # what stands in the prompt counts
        ((1,), (START, 1, 1, 1, END, 5), (4, 5)),
        ((1, START), (1, 1, END, 5), None),  # it ended by itself, before
        ((1, START), (1, 1, 1, 1), None),  # the engine let it be
        ((1, START), (1, 1, 1, 6, 6, END), (3, 6)),  # words of the engine's own before the end
    ],
)
def test_an_end_that_stands_at_the_budget_was_put_there_by_the_engine(
    prompt: tuple[int, ...], drawn: tuple[int, ...], span: tuple[int, int] | None
) -> None:
    assert CLOSING.budget_span(prompt, drawn, 3) == span


@given(ids, ids, ids)
def test_what_is_found_stands_there_and_nowhere_before(
    before: list[int], needle: list[int], after: list[int]
) -> None:
    found = find(needle, [*before, *needle, *after])
    if not needle:
        assert found is None
    else:
        assert found is not None
        assert found <= len(before)
        assert [*before, *needle, *after][found : found + len(needle)] == needle


@given(ids, ids)
def test_what_has_begun_is_the_longest_beginning_at_the_end(
    seq: list[int], said: list[int]
) -> None:
    length = begun(seq, said)
    assert length == 0 or (said[-length:] == seq[:length] and length < len(seq))
    assert not any(
        said[-longer:] == seq[:longer] for longer in range(length + 1, min(len(seq), len(said) + 1))
    )


def test_the_last_words_of_a_closer_are_left_out_where_nothing_was_thought() -> None:
    closing = Closing("f", "</t>", "I must stop.\n</t>\n\n", last_words="I must stop.")
    assert closing.at_once == "\n</t>\n\n"
