import pytest

from quorate_sampling.turns import TextClosing, Turn


@pytest.mark.parametrize("thought", ["hm 12+3", "\n\nhm 12+3\n", "hm 12+3\ufffd"])
def test_a_thought_is_told_back_without_what_was_cut_in_two(thought: str) -> None:
    assert TextClosing("<t>\n", "\n</t>\n").turn(thought, "[4") == Turn("<t>\nhm 12+3\n</t>\n[4")
    assert TextClosing(ask="Now?").turn(thought, "") == Turn("hm 12+3", "Now?")


def test_no_thought_at_all_leaves_the_markers_or_nothing() -> None:
    assert TextClosing("<t>\n", "\n</t>\n").turn("", "[") == Turn("<t>\n\n</t>\n[")
    assert TextClosing(ask="Now?").turn("", "") == Turn("", "Now?")
