"""Deadlines that cannot be: told as such, by name, before anything is asked of an engine."""

import json

import pytest

from tests.server.deadline_faults.played import SLACK_S, PlayedEngine, PlayedStream, gateway, said
from tests.server.scripted_gateway import chat


def body(deadline: str) -> bytes:
    """A chat request with a member in JSON as it is."""
    return json.dumps(chat()).encode()[:-1] + f", {deadline}}}".encode()


@pytest.mark.parametrize(
    ("member", "param"),
    [
        ('"deadline_ms": 0', "deadline_ms"),
        ('"deadline_ms": -1', "deadline_ms"),
        ('"deadline_ms": -0.0', "deadline_ms"),
        ('"deadline_ms": 31536000000', "deadline_ms"),
        ('"deadline_ms": "3500"', "deadline_ms"),
        ('"deadline_ms": true', "deadline_ms"),
        ('"deadline_ms": [3500]', "deadline_ms"),
        ('"deadline": 3500', "deadline"),
        ('"deadline": {}', "deadline.ms"),
        ('"deadline": {"ms": 0}', "deadline.ms"),
        ('"deadline": {"ms": 1e300}', "deadline.ms"),
        ('"deadline": {"ms": 9007199254740993e4}', "deadline.ms"),
        ('"deadline": {"ms": 5, "seconds": 5}', "deadline.seconds"),
        ('"deadline": {"ms": 5, "on_miss": "panic"}', "deadline.on_miss"),
    ],
)
@pytest.mark.parametrize("consensus", ["", ', "consensus": 3'], ids=["plain", "group"])
async def test_a_deadline_that_cannot_be_is_refused_by_its_name(
    member: str, param: str, consensus: str
) -> None:
    engine = PlayedEngine(drawn=lambda: PlayedStream(said("46")))
    async with gateway(engine) as gw:
        told = await gw.ask(raw=body(member + consensus))
    assert (told.status, told.error["param"]) == (400, param)
    assert told.headers["x-should-retry"] == "false"
    assert engine.played == []


@pytest.mark.parametrize(
    "member",
    [
        '"deadline_ms": NaN',
        '"deadline_ms": Infinity',
        '"deadline_ms": 1e400',
        '"deadline": {"ms": -1e400}',
        '"deadline": {"ms": 0x10}',
        '"deadline_ms": 1_000',
        '"deadline": {"ms": ' + "9" * 5_000 + "}",
    ],
)
async def test_what_is_no_json_number_is_refused(member: str) -> None:
    engine = PlayedEngine(drawn=lambda: PlayedStream(said("46")))
    async with gateway(engine) as gw:
        told = await gw.ask(raw=body(member))
    assert told.status == 400
    assert told.error["type"] == "invalid_request_error"
    assert engine.played == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("grpc-timeout", "5"),
        ("grpc-timeout", "5X"),
        ("grpc-timeout", "123456789S"),
        ("grpc-timeout", "-1S"),
        ("grpc-timeout", ""),
        ("grpc-timeout", "0m"),
        ("prefer", "wait=abc"),
        ("prefer", "wait="),
        ("prefer", "respond-async, wait=-1"),
        ("x-quorate-deadline-ms", "nan"),
        ("x-quorate-deadline-ms", "inf"),
        ("x-quorate-deadline-ms", "1e400"),
        ("x-quorate-deadline-ms", "31536000000"),
        ("x-quorate-deadline-ms", "9" * 60_000),
        ("x-envoy-expected-rq-timeout-ms", "0"),
    ],
)
async def test_a_header_that_cannot_be_read_is_refused_by_its_name(name: str, value: str) -> None:
    engine = PlayedEngine(drawn=lambda: PlayedStream(said("46")))
    async with gateway(engine) as gw:
        told = await gw.ask(headers={name: value})
        beside = await gw.ask(headers={name: value}, deadline_ms=900)
    for each in (told, beside):
        assert (each.status, each.error["param"]) == (400, name)
        assert len(each.body) < 500
    assert engine.played == []


async def test_of_deadlines_that_contradict_each_other_the_smallest_wins() -> None:
    engine = PlayedEngine(drawn=lambda: PlayedStream(said("46")))
    headers = {"grpc-timeout": "4S", "prefer": "wait=3", "x-quorate-deadline-ms": "2000"}
    async with gateway(engine) as gw:
        by_header = await gw.ask(headers=headers, deadline={"ms": 5000}, deadline_ms=6000)
        by_body = await gw.ask(headers=headers, deadline={"ms": 1500}, deadline_ms=6000)
    assert by_header.deadline["budget_ms"] == 2000
    assert by_body.deadline["budget_ms"] == 1500


@pytest.mark.parametrize("budget_ms", [0.001, 0.5, 1, 5, 20])
async def test_next_to_no_time_is_refused_at_once_and_nothing_is_drawn_in_vain(
    budget_ms: float,
) -> None:
    engine = PlayedEngine(drawn=lambda: PlayedStream(said("46")))
    async with gateway(engine) as gw:
        told = await gw.ask(deadline_ms=budget_ms)
    assert told.status in (400, 504)
    assert told.error["code"] in ("deadline_infeasible", "deadline_exceeded")
    assert told.headers["x-should-retry"] == "false"
    assert told.seconds < SLACK_S
    assert engine.draws == []
