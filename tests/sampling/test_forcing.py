from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from quorate_sampling.closers import PreparedClosing
from quorate_sampling.engine import Delta, Draw, EngineUsage
from quorate_sampling.forcing import ANSWER_TOKENS, Resumption, resumption
from quorate_sampling.orders import CloseOrder, Room
from quorate_sampling.transcript import Transcript
from quorate_sampling.turns import TextClosing

PROMPT = (1, 1, 1)
CLOSING = PreparedClosing((9, 2), (2,), last_words="", opener="")
PREFIX = PreparedClosing(
    (), (), last_words="", opener="[", text=TextClosing(before="<t>\n", behind="\n</t>\n\n")
)
ASKING = PreparedClosing((), (), last_words="", opener="", text=TextClosing(ask="Now?"))


def thought(*pieces: Sequence[int]) -> Transcript:
    said = Transcript()
    for piece in pieces:
        said.take(Delta("t" * len(piece), token_ids=tuple(piece)))
    return said


def resumed(
    said: Transcript,
    closing: PreparedClosing = CLOSING,
    *,
    room: Room | None = None,
    in_time: int = 500,
    still_open: bool = True,
) -> Resumption | None:
    order = CloseOrder(closing, lambda: in_time)
    prompt = PROMPT if closing.text is None else ()
    return resumption(said, still_open=still_open, prompt=prompt, order=order, room=room or Room())


def test_a_sample_goes_on_from_exactly_what_was_drawn_and_the_closer() -> None:
    on = resumed(thought([5, 6], [7]))
    assert on is not None
    assert on.token_ids == (1, 1, 1, 5, 6, 7, 9, 2)
    assert (on.closer, on.kept, on.max_tokens) == ((9, 2), None, 500)


def test_a_thought_that_had_ended_goes_on_without_a_closer() -> None:
    on = resumed(thought([5, 2, 6]), still_open=False)
    assert on is not None
    assert (on.closing, on.token_ids) == (None, (1, 1, 1, 5, 2, 6))


def test_the_limit_of_the_client_counts_what_was_thought_and_no_closer() -> None:
    on = resumed(thought([5, 6, 7]), room=Room(limit=5))
    assert on is not None
    assert on.max_tokens == 2
    assert resumed(thought([5, 6, 7]), room=Room(limit=3)) is None


def test_the_end_of_a_thought_makes_room_in_the_context() -> None:
    pieces = [[5] * 16] * 20
    on = resumed(thought(*pieces), room=Room(context=340))
    assert on is not None
    assert on.kept is not None
    assert on.kept.token_ids % 16 == 0
    assert len(on.token_ids) + ANSWER_TOKENS <= 340
    assert len(on.token_ids) + ANSWER_TOKENS > 340 - 16
    assert on.token_ids[-2:] == (9, 2)


def test_a_prompt_that_fills_the_context_leaves_no_room_for_an_answer() -> None:
    assert resumed(thought([5]), room=Room(context=5)) is None


def test_an_answer_for_which_little_time_is_left_needs_little_room() -> None:
    on = resumed(thought([5] * 10), room=Room(context=20), in_time=4)
    assert on is not None
    assert (on.kept, on.max_tokens) == (None, 4)


@given(
    st.lists(st.integers(1, 20), max_size=12),
    st.integers(1, 300),
    st.integers(1, 300),
    st.integers(1, 200),
)
def test_what_goes_on_fits_wherever_it_has_to(
    sizes: list[int], limit: int, context: int, in_time: int
) -> None:
    said = thought(*([5] * size for size in sizes))
    on = resumed(said, room=Room(limit, context), in_time=in_time)
    if on is not None:
        assert 1 <= on.max_tokens <= in_time
        assert len(said.token_ids) + on.max_tokens <= limit
        assert len(on.token_ids) + on.max_tokens <= context


def test_the_answer_is_drawn_with_other_random_numbers_than_the_thought() -> None:
    on = resumed(thought([5]))
    assert on is not None
    seeds = {on.continuation(Draw("s", {}, seed=seed)).seed for seed in (1, 2)}
    assert len(seeds | {1, 2}) == 4
    assert on.continuation(Draw("s", {})).seed is None


def test_without_token_ids_the_thought_is_told_back_in_its_markers() -> None:
    said = Transcript()
    said.take(Delta("\nI think\n"))
    on = resumed(said, PREFIX)
    assert on is not None
    assert on.turn is not None
    assert (on.turn.said, on.turn.ask) == ("<t>\nI think\n</t>\n\n[", "")
    assert on.token_ids == ()


def test_an_answer_that_had_begun_goes_on_as_text_too() -> None:
    said = Transcript()
    said.take(Delta("I think", "It is 4"))
    on = resumed(said, PREFIX, still_open=False)
    assert on is not None
    assert on.turn is not None
    assert on.turn.said == "<t>\nI think\n</t>\n\nIt is 4"


def test_an_answer_that_had_begun_is_not_asked_for_again() -> None:
    said = Transcript()
    said.take(Delta("I think", "It is 4"))
    assert resumed(said, ASKING, still_open=False) is None


def test_the_limit_counts_what_the_engine_counted_where_there_are_no_ids() -> None:
    said = Transcript()
    said.take(Delta("I think", usage=EngineUsage(3, 60)))
    on = resumed(said, ASKING, room=Room(limit=64))
    assert on is not None
    assert on.max_tokens == 4
    assert on.turn is not None
    assert on.turn.ask == "Now?"
