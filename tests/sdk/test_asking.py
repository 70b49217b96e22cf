"""`ask`, of both clients, against a server on the loopback."""

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import openai
import pytest

from quorate import (
    Answer,
    CalibrationMissing,
    Cost,
    DeadlineExceeded,
    DeadlineInfeasible,
    EngineFailed,
    LowConfidence,
    ModelNotFound,
    NoDefaultModel,
    Overloaded,
    UnreadableAnswer,
    Vote,
)
from tests.sdk.conftest import Connect, Serve
from tests.sdk.said import (
    CONSENSUS,
    DEADLINE,
    MODELS,
    STREAM,
    chunk,
    completion,
    decided,
    error,
    event,
    progress,
    stream,
    whole,
)
from tests.sdk.scripted_server import DRIP, DROP, STALL, Call, Step

QUESTION = "What is 12+34?"
MUCH_S = 5.0
SOME_S = 1.0
LITTLE_S = 0.4


def answering(call: Call) -> Iterator[Step]:
    """A server that decides at once."""
    if call.path.endswith("/models"):
        yield whole(MODELS)
    elif call.body.get("stream"):
        yield from stream(progress(), *decided())
    else:
        yield whole(completion(deadline=DEADLINE))


def saying(*steps: Step) -> Any:
    return lambda call: iter(steps)


@pytest.mark.parametrize("within", [{"deadline": MUCH_S}, {}], ids=["deadline", "no deadline"])
def test_an_answer_has_all_that_the_server_says(
    serve: Serve, connect: Connect, within: dict[str, float]
) -> None:
    answer = connect(serve(answering)).ask(QUESTION, samples=16, **within)
    assert answer.value == 46
    assert type(answer.value) is int
    assert (answer.text, answer.answer_type) == ("46", "number")
    assert (answer.confidence, answer.confidence_reason) == (0.93, None)
    assert (answer.agreement, answer.agreement_low) == (0.8, 0.6)
    assert answer.votes == (Vote("46", 4, 4.5, (0, 1, 2, 4)), Vote("56", 1, 0.5, (3,)))
    assert (answer.abstained, answer.partial, answer.stop_reason) == (False, False, "decided")
    assert answer.cost == Cost(27, 206, 110, 9, 0.0012, estimated=False)
    assert answer.cost.tokens == 233
    assert (answer.timings.server_ms, answer.timings.forced) == (12, 1)
    assert answer.timings.met is True
    assert 0 < answer.timings.client_ms < MUCH_S * 1000
    assert answer.id == "chatcmpl-q-1"
    assert answer.completion is not None
    message = answer.completion.choices[0].message
    assert message.content == "It is 46."
    assert (message.model_extra or {})["reasoning"] in ("12+34", "12+34")
    assert answer.completion.choices[0].finish_reason == "stop"


def test_wishes_become_the_contracts_fields(serve: Serve, connect: Connect) -> None:
    server = serve(answering)
    connect(server).ask(
        QUESTION,
        system="Be brief.",
        samples=8,
        min_samples=2,
        min_confidence=0.9,
        min_agreement=0.5,
        preset="sure",
        answer_type="number",
        voting="short_first",
        early_stop={"rule": "margin", "margin": 3},
        fields={"/total": {}},
        on_miss="error",
        temperature=0.7,
        seed=5,
        consensus={"content": "answer"},
        extra_body={"top_k": 20},
        extra_headers={"x-mine": "yes"},
    )
    [call] = server.asked
    assert call.body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": QUESTION},
    ]
    assert call.body["consensus"] == {
        "content": "answer",
        "max_samples": 8,
        "min_samples": 2,
        "min_confidence": 0.9,
        "min_agreement": 0.5,
        "preset": "sure",
        "answer_type": "number",
        "voting": "short_first",
        "early_stop": {"rule": "margin", "margin": 3},
        "fields": {"/total": {}},
    }
    assert (call.body["temperature"], call.body["seed"], call.body["top_k"]) == (0.7, 5, 20)
    assert call.body["deadline"] == {"on_miss": "error"}
    assert call.headers["x-mine"] == "yes"
    assert "x-quorate-deadline-ms" not in call.headers


def test_the_server_is_told_what_remains_less_what_the_network_takes(
    serve: Serve, connect: Connect
) -> None:
    server = serve(answering)
    connect(server).ask(QUESTION, deadline=MUCH_S)
    told = float(server.asked[0].headers["x-quorate-deadline-ms"])
    assert MUCH_S * 1000 - 1000 < told <= MUCH_S * 1000 - 5


def test_the_nearest_of_all_deadlines_holds(serve: Serve, connect: Connect) -> None:
    server = serve(answering)
    client = connect(server, deadline=3.0)
    client.ask(QUESTION, deadline=9.0, within=6.0)
    client.ask(QUESTION, deadline=9.0, within=2.0)
    client.ask(QUESTION, deadline=1.0, within=2.0)
    told = [float(call.headers["x-quorate-deadline-ms"]) / 1000 for call in server.asked]
    assert [round(budget + 0.3) for budget in told] == [3, 2, 1]


def test_the_only_model_is_asked_for_once_and_remembered(serve: Serve, connect: Connect) -> None:
    server = serve(answering)
    client = connect(server, model=None)
    assert client.ask(QUESTION, deadline=MUCH_S).value == 46
    assert client.ask(QUESTION).value == 46
    assert [call.body["model"] for call in server.asked] == ["abacus", "abacus"]
    assert sum(call.path.endswith("/models") for call in server.calls) == 1


def test_a_model_has_to_be_named_where_several_are_served(serve: Serve, connect: Connect) -> None:
    two = {"object": "list", "data": [{"id": "a"}, {"id": "b"}, {"id": "b:fast"}]}
    client = connect(serve(saying(whole(two))), model=None)
    with pytest.raises(NoDefaultModel, match="a, b"):
        client.ask(QUESTION, deadline=MUCH_S)


def test_looking_the_model_up_is_within_the_deadline(serve: Serve, connect: Connect) -> None:
    client = connect(serve(saying(STALL)), model=None)
    with pytest.raises(DeadlineExceeded):
        client.ask(QUESTION, deadline=LITTLE_S)


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


NOT_MENDED = {
    "bad request": (error("wrong", 400), openai.BadRequestError),
    "no key": (error("invalid_api_key", 401), openai.AuthenticationError),
    "no model": (error("model_not_found", 404), ModelNotFound),
    "unprocessable": (error("wrong", 422), openai.UnprocessableEntityError),
    "infeasible": (
        error("deadline_infeasible", 400, x_quorate_earliest_ms="7000"),
        DeadlineInfeasible,
    ),
    "not calibrated": (error("calibration_missing", 400), CalibrationMissing),
    "said so": (error("overloaded", 503, x_should_retry="false"), Overloaded),
}


@pytest.mark.parametrize(("said", "kind"), NOT_MENDED.values(), ids=NOT_MENDED)
@pytest.mark.parametrize("within", [MUCH_S, None], ids=["deadline", "no deadline"])
def test_what_a_retry_cannot_mend_is_raised_at_once(
    serve: Serve, connect: Connect, said: bytes, kind: type[Exception], within: float | None
) -> None:
    server = serve(saying(said))
    with pytest.raises(kind):
        connect(server).ask(QUESTION, deadline=within)
    assert len(server.asked) == 1


def test_an_infeasible_deadline_says_what_had_been_possible(serve: Serve, connect: Connect) -> None:
    server = serve(saying(error("deadline_infeasible", 400, x_quorate_earliest_ms="7000")))
    with pytest.raises(DeadlineInfeasible) as caught:
        connect(server).ask(QUESTION, deadline=MUCH_S)
    assert caught.value.earliest_ms == 7000
    assert isinstance(caught.value, openai.BadRequestError)


def failing_first(*first: Step) -> Any:
    """A script whose first chat completion goes wrong."""
    asked: list[Call] = []

    def script(call: Call) -> Iterator[Step]:
        asked.append(call)
        yield from first if len(asked) == 1 else answering(call)

    return script


MENDED = {
    "overloaded": (error("overloaded", 503, retry_after_ms="20", x_should_retry="true"),),
    "no engine": (error("engine_unavailable", 503),),
    "rate": (error("rate", 429, retry_after="0"),),
    "dropped": (DROP,),
    "dropped in its stream": (STREAM, event(progress()), DROP),
    "failed in its stream": (STREAM, event({"error": {"message": "x", "code": "group_failed"}})),
}


@pytest.mark.parametrize("first", MENDED.values(), ids=MENDED)
def test_what_a_retry_can_mend_is_tried_again_with_the_time_that_is_left(
    serve: Serve, connect: Connect, first: tuple[Step, ...]
) -> None:
    server = serve(failing_first(*first))
    assert connect(server).ask(QUESTION, deadline=MUCH_S).value == 46
    before, after = (float(call.headers["x-quorate-deadline-ms"]) for call in server.asked)
    assert after < before


def test_an_overloaded_server_says_what_would_be_possible(serve: Serve, connect: Connect) -> None:
    said = error("overloaded", 503, x_quorate_earliest_ms="7000", x_should_retry="false")
    with pytest.raises(Overloaded) as caught:
        connect(serve(saying(said))).ask(QUESTION, deadline=MUCH_S)
    assert caught.value.earliest_ms == 7000
    assert caught.value.retry_after_ms is None


def test_the_servers_wait_is_obeyed(serve: Serve, connect: Connect) -> None:
    server = serve(failing_first(error("overloaded", 503, retry_after_ms="250")))
    began = time.monotonic()
    connect(server).ask(QUESTION, deadline=MUCH_S)
    assert time.monotonic() - began > 0.25


@pytest.mark.parametrize(
    "headers",
    [{"retry_after_ms": "60000"}, {"retry_after_ms": "10", "x_quorate_earliest_ms": "60000"}],
    ids=["wait", "earliest"],
)
def test_there_is_no_waiting_for_what_could_not_be_in_time(
    serve: Serve, connect: Connect, headers: dict[str, str]
) -> None:
    server = serve(saying(error("overloaded", 503, **headers)))
    began = time.monotonic()
    with pytest.raises(Overloaded) as caught:
        connect(server).ask(QUESTION, deadline=3.0)
    assert time.monotonic() - began < 2.0
    assert caught.value.retry_after_ms == float(headers["retry_after_ms"])
    assert isinstance(caught.value, openai.InternalServerError)
    assert len(server.asked) == 1


def test_retries_are_counted(serve: Serve, connect: Connect) -> None:
    server = serve(saying(error("group_failed", 502)))
    with pytest.raises(EngineFailed):
        connect(server, max_retries=3).ask(QUESTION, deadline=MUCH_S)
    assert len(server.asked) == 4
    with pytest.raises(EngineFailed):
        connect(server, max_retries=0).ask(QUESTION, deadline=MUCH_S)
    assert len(server.asked) == 5


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


def test_an_abstention_is_an_answer_without_a_value(serve: Serve, connect: Connect) -> None:
    silent = {**CONSENSUS, "answer": None, "abstained": True}
    answer = connect(serve(saying(whole(completion(consensus=silent))))).ask(QUESTION)
    assert (answer.value, answer.text, answer.abstained) == (None, None, True)


def test_a_server_that_draws_no_groups_is_read_as_it_is(serve: Serve, connect: Connect) -> None:
    plain = completion()
    del plain["consensus"]
    answer = connect(serve(saying(whole(plain)))).ask(QUESTION)
    assert (answer.value, answer.votes, answer.confidence) == ("It is 46.", (), None)
    assert answer.confidence_reason == "The server drew no group."


NONSENSE = [
    {"choices": []},
    {"consensus": {"answer": 5, "answer_type": "number"}},
    {"consensus": []},
    {"consensus": {"answer": "46", "votes": [{}]}},
    {"consensus": {"answer": "46", "votes": 3}},
]


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_is_said_to_be_that(
    serve: Serve, connect: Connect, nonsense: dict[str, Any]
) -> None:
    told = {"consensus": None, **nonsense}
    with pytest.raises(UnreadableAnswer):
        connect(serve(saying(whole(completion(**told))))).ask(QUESTION)


@pytest.mark.parametrize(
    "broken",
    [b"{not json", chunk({}, consensus_progress={"votes": 3}), chunk({}, consensus_progress=[])],
)
def test_a_nonsensical_stream_is_said_to_be_that(
    serve: Serve, connect: Connect, broken: Any
) -> None:
    client = connect(serve(saying(STREAM, event(broken), STALL)))
    with pytest.raises(UnreadableAnswer):
        client.ask(QUESTION, deadline=MUCH_S)


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({}, ValueError),
        ({"question": "x", "messages": []}, ValueError),
        ({"question": "x", "deadline": float("nan")}, ValueError),
        ({"question": "x", "sample": 3}, TypeError),
    ],
)
def test_what_cannot_be_asked_is_not_sent(
    serve: Serve, connect: Connect, asked: dict[str, Any], kind: type[Exception]
) -> None:
    server = serve(answering)
    with pytest.raises(kind):
        connect(server).ask(**asked)
    assert not server.calls


@pytest.mark.parametrize("passed", [0.0, -5.0])
def test_a_deadline_that_has_passed_is_not_sent(
    serve: Serve, connect: Connect, passed: float
) -> None:
    server = serve(answering)
    with pytest.raises(DeadlineExceeded):
        connect(server).ask(QUESTION, deadline=passed)
    assert not server.calls


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
