"""What `ask` can be asked for: what there is no such thing of is told at once."""

from typing import Any

import pytest

from quorate.wishes import check


@pytest.mark.parametrize("word", ["partail", "Raise", "", 3])
def test_another_way_to_expire_is_an_error(word: Any) -> None:
    with pytest.raises(ValueError, match="on_expiry"):
        check({"on_expiry": word})


@pytest.mark.parametrize("word", [None, "raise", "partial"])
def test_the_ways_to_expire_are_taken(word: Any) -> None:
    check({"on_expiry": word})


def test_an_argument_there_is_none_of_is_an_error() -> None:
    with pytest.raises(TypeError, match="deadlin'"):
        check({"deadlin": 3.5})  # type: ignore[typeddict-unknown-key]  # the mistake it is about
