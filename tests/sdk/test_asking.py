"""`ask`, of both clients: what is sent, what comes back."""

from typing import Any

import pytest

from quorate import (
    Cost,
    DeadlineExceeded,
    NoDefaultModel,
    Vote,
)
from tests.sdk.asking import LITTLE_S, MUCH_S, QUESTION, answering, saying
from tests.sdk.conftest import Connect, Serve
from tests.sdk.said import (
    CONSENSUS,
    completion,
    whole,
)
from tests.sdk.scripted_server import STALL


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
