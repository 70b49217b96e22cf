"""`ask` for an answer that is sure enough, and what is told of how it turned out."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from quorate import (
    Answer,
    LowConfidence,
)
from tests.sdk.asking import MUCH_S, QUESTION, SOME_S, answering, saying
from tests.sdk.conftest import Connect, Serve
from tests.sdk.said import (
    CONSENSUS,
    STREAM,
    completion,
    event,
    progress,
    whole,
)
from tests.sdk.scripted_server import STALL, Call, Step


@pytest.mark.parametrize("least", [0.94, 1.0])
def test_an_answer_below_the_confidence_asked_for_is_raised_with_its_votes(
    serve: Serve, connect: Connect, least: float
) -> None:
    with pytest.raises(LowConfidence) as caught:
        connect(serve(answering)).ask(QUESTION, min_confidence=least, deadline=MUCH_S)
    assert caught.value.answer.votes[0].answer == "46"
    assert caught.value.wanted == least


def test_an_answer_that_is_sure_enough_is_returned(serve: Serve, connect: Connect) -> None:
    assert connect(serve(answering)).ask(QUESTION, min_confidence=0.93).value == 46


def test_a_confidence_that_is_not_known_is_too_low(serve: Serve, connect: Connect) -> None:
    unknown = {**CONSENSUS, "confidence": None, "confidence_reason": "no profile"}
    client = connect(serve(saying(whole(completion(consensus=unknown)))))
    with pytest.raises(LowConfidence, match="unknown"):
        client.ask(QUESTION, min_confidence=0.1)


def test_a_partial_answer_is_no_sure_one(serve: Serve, connect: Connect) -> None:
    client = connect(serve(saying(STREAM, event(progress()), STALL)))
    with pytest.raises(LowConfidence) as caught:
        client.ask(QUESTION, min_confidence=0.5, deadline=SOME_S, on_expiry="partial")
    assert caught.value.answer.partial


def test_feedback_names_the_answer(serve: Serve, connect: Connect) -> None:
    def script(call: Call) -> Iterator[Step]:
        yield from answering(call) if call.path.endswith("completions") else [whole({"id": "x"})]

    server = serve(script)
    client = connect(server)
    answer = client.ask(QUESTION)
    client.feedback(answer, correct=True)
    client.feedback("chatcmpl-q-9", expected=Decimal("0.10"))
    client.feedback(answer, expected={"total": 3}, fields={"/total": False})
    told = [call.body for call in server.calls if call.path == "/v1/feedback"]
    assert told == [
        {"id": "chatcmpl-q-1", "correct": True},
        {"id": "chatcmpl-q-9", "expected": "0.10"},
        {"id": "chatcmpl-q-1", "expected": {"total": 3}, "fields": {"/total": False}},
    ]
    with pytest.raises(ValueError, match="either"):
        client.feedback(answer)
    with pytest.raises(ValueError, match="either"):
        client.feedback(answer, correct=False, expected="46")


def test_an_answer_can_be_told_of_directly(serve: Serve, connect: Connect) -> None:
    def script(call: Call) -> Iterator[Step]:
        yield from answering(call) if call.path.endswith("completions") else [whole({"id": "x"})]

    server = serve(script)
    client = connect(server)
    answer: Answer = client.ask(QUESTION)
    if answer.tell is None:
        with pytest.raises(RuntimeError, match="no client to tell"):
            answer.feedback(correct=True)
        return
    answer.feedback(correct=False)
    assert server.calls[-1].body == {"id": "chatcmpl-q-1", "correct": False}
