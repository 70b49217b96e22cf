"""What a request reports is what is learnt from it, however it goes."""

import pytest

from quorate_sampling.pace import Pace
from quorate_sampling.pacing import Conditions
from tests.sampling.paced import TurnedClock, paced


def test_tokens_that_come_in_pieces_tell_the_pace_as_they_come() -> None:
    pace, clock = Pace(), TurnedClock()
    timing = pace.sent(10, clock=clock)
    clock.now += 0.1
    timing.first_token()
    timing.progress(1)
    for tokens in range(17, 200, 16):
        clock.now += 16 * 0.02
        timing.progress(tokens)
    assert pace.token_s(0.5, Conditions(10)) == pytest.approx(0.02, rel=0.1)
    assert pace.accuracy["token"].count == 0, "it has not ended"
    timing.ended(193)
    assert pace.accuracy["token"].count == 1


def test_tokens_of_the_first_piece_were_not_waited_for_one_by_one() -> None:
    pace, clock = paced(token_s=0.01), TurnedClock()
    for _ in range(20):
        timing = pace.sent(3, clock=clock)
        clock.now += 0.5
        timing.first_token()
        timing.progress(50)
        clock.now += 0.5
        timing.progress(100)
        timing.ended(100)
    assert pace.token_s(0.5) == pytest.approx(0.01, rel=0.05)


def test_a_stream_held_up_by_its_reader_tells_nothing_of_its_tokens() -> None:
    pace, clock = paced(token_s=0.01), TurnedClock()
    before = pace.token_s()
    for _ in range(50):
        timing = pace.sent(3, clock=clock)
        clock.now += 0.1
        timing.first_token()
        timing.held_up()
        clock.now += 100.0
        timing.ended(10)
    assert pace.token_s() == before
    assert pace.running == 0


def test_counts_that_cannot_be_are_passed_over() -> None:
    pace, clock = paced(), TurnedClock()
    before = pace.token_s()
    timing = pace.sent(-5, clock=clock)
    clock.now += 0.1
    timing.first_token(-7)
    timing.ended(-3, -1, whole=True)
    assert pace.token_s() == before
    assert pace.conditions() == Conditions()


def test_a_request_of_one_token_tells_its_first_and_no_more() -> None:
    pace, clock = Pace(), TurnedClock()
    timing = pace.sent(3, clock=clock)
    clock.now += 0.1
    timing.first_token()
    timing.ended(1, whole=True)
    assert pace.accuracy["first_token"].count == 1
    assert pace.accuracy["token"].count == 0
    assert pace.sample_tokens() == 1
