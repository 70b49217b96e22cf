"""`ask` and its deadline: back in time whatever the server does, with what there is by then."""

import time

import openai
import pytest

from quorate import (
    DeadlineExceeded,
    Vote,
)
from tests.sdk.asking import LITTLE_S, MUCH_S, QUESTION, SOME_S, answering, saying
from tests.sdk.conftest import Connect, Serve
from tests.sdk.said import (
    STREAM,
    chunk,
    decided,
    error,
    event,
    progress,
)
from tests.sdk.scripted_server import DRIP, STALL, Step

FAULTS = {
    "stalls": (STALL,),
    "stalls in its head": (b"HTTP/1.1 200", STALL),
    "stalls in its stream": (STREAM, event(chunk({"role": "assistant"})), STALL),
    "drips": (STREAM, DRIP),
    "drips its head": (b"HTTP/1.1 200 OK\r\nx: ", DRIP),
}


@pytest.mark.parametrize("steps", FAULTS.values(), ids=FAULTS)
def test_whatever_the_server_does_the_caller_is_back_in_time(
    serve: Serve, connect: Connect, steps: tuple[Step, ...]
) -> None:
    client = connect(serve(saying(*steps)))
    with pytest.raises(DeadlineExceeded):
        client.ask(QUESTION, deadline=0.7)  # everything is loaded then
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded, match=r"No answer within 0\.4 s") as caught:
        client.ask(QUESTION, deadline=LITTLE_S)
    assert LITTLE_S <= time.monotonic() - began < LITTLE_S + 0.15
    assert caught.value.partial is None
    assert isinstance(caught.value, openai.APITimeoutError)


def test_what_had_been_voted_comes_with_the_error(serve: Serve, connect: Connect) -> None:
    client = connect(serve(saying(STREAM, event(progress(2, 3)), STALL)))
    with pytest.raises(DeadlineExceeded) as caught:
        client.ask(QUESTION, deadline=SOME_S)
    partial = caught.value.partial
    assert partial is not None
    assert (partial.value, partial.partial) == (46, True)


def test_the_leading_vote_so_far_is_returned_if_that_is_wanted(
    serve: Serve, connect: Connect
) -> None:
    server = serve(saying(STREAM, event(progress(1, 1)), event(progress(2, 3)), STALL))
    answer = connect(server).ask(QUESTION, deadline=SOME_S, on_expiry="partial")
    assert (answer.value, answer.text, answer.partial) == (46, "46", True)
    assert (answer.confidence, answer.abstained, answer.stop_reason) == (None, False, "deadline")
    assert answer.confidence_reason
    assert answer.agreement == pytest.approx(2 / 3)
    assert answer.votes == (Vote("46", 2, 2.0),)
    assert answer.timings.met is False
    assert answer.completion is None
    assert server.asked[0].body["consensus"]["progress"] is True


def test_without_any_vote_there_is_nothing_to_return(serve: Serve, connect: Connect) -> None:
    client = connect(serve(saying(STREAM, event(progress(0, 0)), STALL)))
    with pytest.raises(DeadlineExceeded) as caught:
        client.ask(QUESTION, deadline=SOME_S, on_expiry="partial")
    assert caught.value.partial is None


def test_an_answer_that_was_decided_but_not_shown_keeps_its_confidence(
    serve: Serve, connect: Connect
) -> None:
    server = serve(saying(STREAM, event(progress()), event(decided()[0]), STALL))
    answer = connect(server).ask(QUESTION, deadline=SOME_S, on_expiry="partial")
    assert (answer.partial, answer.confidence, answer.value) == (True, 0.93, 46)


def test_the_servers_own_504_is_the_same_error(serve: Serve, connect: Connect) -> None:
    server = serve(saying(error("deadline_exceeded", 504, x_should_retry="false")))
    with pytest.raises(DeadlineExceeded) as caught:
        connect(server).ask(QUESTION, deadline=MUCH_S)
    assert caught.value.response is not None
    assert len(server.asked) == 1


@pytest.mark.parametrize("passed", [0.0, -5.0])
def test_a_deadline_that_has_passed_is_not_sent(
    serve: Serve, connect: Connect, passed: float
) -> None:
    server = serve(answering)
    with pytest.raises(DeadlineExceeded):
        connect(server).ask(QUESTION, deadline=passed)
    assert not server.calls
