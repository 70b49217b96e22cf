"""Tokens that waited come at once, and that is not how fast the engine is."""

import pytest

from quorate_sampling.pace import Pace
from tests.sampling.paced import TurnedClock
from tests.sampling.pacing.stalls import PIECE, TOKEN_S, Stall, Stalling

STALLED_AT, WATCHED_S = 20.0, 8.0


@pytest.mark.parametrize("clients", [1, 8, 32])
@pytest.mark.parametrize("seconds", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("frozen", [False, True])
def test_no_engine_is_taken_to_be_faster_after_a_stall(
    clients: int, seconds: float, frozen: bool
) -> None:
    pace = Pace()
    stalling = Stalling(pace, Stall(STALLED_AT, seconds, frozen), clients)
    over_at = STALLED_AT + seconds
    for now in stalling.watch(over_at + WATCHED_S):
        if now < STALLED_AT:
            continue
        assert pace.token_s(0.5) >= 0.99 * TOKEN_S, now
        assert pace.token_s(0.95) >= 0.99 * TOKEN_S, now
        if now > over_at + WATCHED_S / 2:
            assert pace.token_s(0.5) <= 1.1 * TOKEN_S, now


def test_tokens_that_waited_with_a_late_first_one_are_not_timed() -> None:
    pace, clock = _steady(), TurnedClock()
    for _ in range(8):
        timing = pace.sent(3, clock=clock)
        clock.now += 1.0
        timing.first_token()
        timing.progress(1)
        for tokens in range(1 + PIECE, 100, PIECE):
            clock.now += 1e-4
            timing.progress(tokens)
        timing.ended(97)
    assert pace.token_s(0.5) >= 0.99 * TOKEN_S


def test_an_engine_that_became_faster_is_believed_where_nothing_was_late() -> None:
    pace, clock = _steady(), TurnedClock()
    for _ in range(100):
        timing = pace.sent(3, clock=clock)
        clock.now += 0.1
        timing.first_token()
        timing.progress(1)
        for tokens in range(1 + PIECE, 100, PIECE):
            clock.now += PIECE * TOKEN_S / 10
            timing.progress(tokens)
        timing.ended(97)
    assert pace.token_s(0.5) == pytest.approx(TOKEN_S / 10, rel=0.1)


def _steady() -> Pace:
    pace = Pace()
    for _ in Stalling(pace, Stall(STALLED_AT, 0.0), 4).watch(STALLED_AT):
        pass
    return pace
