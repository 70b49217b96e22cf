from quorate_sampling.engine import Delta
from quorate_sampling.held import HeldBack


def shown_by() -> tuple[HeldBack, list[str]]:
    shown: list[str] = []
    return HeldBack(lambda piece: shown.append(piece.reasoning)), shown


def test_what_comes_before_it_is_held_is_shown_at_once() -> None:
    held, shown = shown_by()
    held.take(Delta("a"), 1)
    held.hold()
    held.take(Delta("b"), 2)
    assert shown == ["a"]


def test_all_is_shown_in_order_when_it_is_released_and_nothing_is_held_any_more() -> None:
    held, shown = shown_by()
    held.hold()
    held.take(Delta("a"), 1)
    held.take(Delta("b"), 2)
    held.release()
    held.release()
    held.take(Delta("c"), 3)
    assert shown == ["a", "b", "c"]


def test_settled_it_shows_what_counts_and_no_more_ever() -> None:
    held, shown = shown_by()
    held.hold()
    for position, word in enumerate("abc", start=1):
        held.take(Delta(word), position)
    held.settle(2)
    held.take(Delta("d"), 4)
    held.release()
    held.take(Delta("e"), 5)
    assert shown == ["a", "b"]
