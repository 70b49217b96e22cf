from typing import Any

import pytest

from quorate_server.deadlines import read_time_limit
from quorate_server.errors import RequestError
from quorate_server.upstream import Header


def budget_ms(body: dict[str, Any], *headers: Header) -> float | None:
    limit = read_time_limit(body, headers, arrived_at=50.0)
    if limit is None:
        return None
    assert limit.deadline.started_at == 50.0
    return round(limit.deadline.budget_s * 1000, 3)


def test_a_deadline_is_read_from_every_form_of_the_contract() -> None:
    assert budget_ms({"deadline": {"ms": 3500}}) == 3500
    assert budget_ms({"deadline_ms": 250.5}) == 250.5
    assert budget_ms({}, (b"x-quorate-deadline-ms", b"1200")) == 1200
    assert budget_ms({}, (b"x-envoy-expected-rq-timeout-ms", b"900")) == 900
    assert budget_ms({}, (b"prefer", b"wait=4")) == 4000
    assert budget_ms({}, (b"prefer", b"respond-async, wait=2; x=1")) == 2000
    assert budget_ms({}) is None
    assert budget_ms({"deadline": None, "deadline_ms": None}, (b"prefer", b"respond-async")) is None


@pytest.mark.parametrize(
    ("value", "ms"),
    [(b"3S", 3000), (b"250m", 250), (b"1M", 60_000), (b"1H", 3_600_000), (b"5000u", 5)],
)
def test_grpcs_units_are_understood(value: bytes, ms: float) -> None:
    assert budget_ms({}, (b"grpc-timeout", value)) == ms


def test_the_smallest_deadline_wins() -> None:
    headers = ((b"x-quorate-deadline-ms", b"900"), (b"grpc-timeout", b"2S"))
    assert budget_ms({"deadline": {"ms": 3500}, "deadline_ms": 5000}, *headers) == 900
    assert budget_ms({"deadline": {"ms": 300}}, *headers) == 300


def test_what_to_do_on_a_miss_comes_along() -> None:
    limit = read_time_limit({"deadline": {"ms": 10, "on_miss": "error"}}, (), 0.0)
    assert limit is not None
    assert limit.on_miss == "error"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"deadline": {"ms": 0}}, "deadline.ms"),
        ({"deadline": {"ms": -5}}, "deadline.ms"),
        ({"deadline": {"ms": float("nan")}}, "deadline.ms"),
        ({"deadline": {"ms": "3500"}}, "deadline.ms"),
        ({"deadline": {"ms": True}}, "deadline.ms"),
        ({"deadline": {}}, "deadline.ms"),
        ({"deadline": {"ms": 5, "on_mis": "error"}}, "deadline.on_mis"),
        ({"deadline": {"ms": 5, "on_miss": "panic"}}, "deadline.on_miss"),
        ({"deadline": {"ms": 5, "on_miss": ["answer"]}}, "deadline.on_miss"),
        ({"deadline": 3500}, "deadline"),
        ({"deadline_ms": 365 * 24 * 3600 * 1000}, "deadline_ms"),
        ({"deadline_ms": 10**400}, "deadline_ms"),
        ({"deadline": {"ms": -(10**400)}}, "deadline.ms"),
        ({"deadline": {"ms": float("inf")}}, "deadline.ms"),
    ],
)
def test_a_deadline_that_cannot_be_is_refused(body: dict[str, Any], param: str) -> None:
    with pytest.raises(RequestError) as refused:
        budget_ms(body)
    assert refused.value.param == param


@pytest.mark.parametrize(
    "header",
    [
        (b"x-quorate-deadline-ms", b"soon"),
        (b"x-quorate-deadline-ms", b"nan"),
        (b"x-quorate-deadline-ms", b"-1"),
        (b"grpc-timeout", b"3"),
        (b"grpc-timeout", b"123456789S"),
        (b"grpc-timeout", b""),
        (b"prefer", b"wait=forever"),
        (b"prefer", b"wait="),
        (b"prefer", b"wait=0"),
    ],
)
def test_a_header_that_cannot_be_read_is_refused_by_its_name(header: Header) -> None:
    with pytest.raises(RequestError) as refused:
        budget_ms({}, header)
    assert refused.value.param == header[0].decode()
