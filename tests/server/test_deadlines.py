from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate_server.deadlines import (
    CLIENT_TIMEOUT_HEADERS,
    DEADLINE_HEADERS,
    LONGEST_MS,
    read_time_limit,
)
from quorate_server.errors import RequestError
from quorate_server.upstream import Header

ALL_HEADERS = DEADLINE_HEADERS | CLIENT_TIMEOUT_HEADERS
HEADERS = sorted(ALL_HEADERS)


def budget_ms(
    body: dict[str, Any], *headers: Header, named: frozenset[bytes] = DEADLINE_HEADERS
) -> float | None:
    limit = read_time_limit(body, headers, arrived_at=50.0, named=named)
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
    assert budget_ms({}, (b"prefer", b'Wait = "2.5"')) == 2500
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
    ("fields", "headers"),
    [({}, ((b"x-quorate-deadline-ms", b"900"),)), ({"deadline_ms": 900}, ())],
)
def test_what_to_do_on_a_miss_may_stand_beside_a_time_told_elsewhere(fields, headers) -> None:
    limit = read_time_limit({"deadline": {"on_miss": "error"}, **fields}, headers, 0.0)
    assert limit is not None
    assert limit.on_miss == "error"
    assert limit.deadline.budget_s == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"deadline": {"ms": 0}}, "deadline.ms"),
        ({"deadline": {"ms": -5}}, "deadline.ms"),
        ({"deadline": {"ms": float("nan")}}, "deadline.ms"),
        ({"deadline": {"ms": "3500"}}, "deadline.ms"),
        ({"deadline": {"ms": True}}, "deadline.ms"),
        ({"deadline": {}}, "deadline.ms"),
        ({"deadline": {"on_miss": "error"}}, "deadline.ms"),
        ({"deadline": {"ms": None}, "deadline_ms": 5}, "deadline.ms"),
        ({"deadline": {"ms": 5, "on_mis": "error"}}, "deadline.on_mis"),
        ({"deadline": {"ms": 5, "on_miss": "panic"}}, "deadline.on_miss"),
        ({"deadline": {"ms": 5, "on_miss": ["answer"]}}, "deadline.on_miss"),
        ({"deadline": {"ms": None}}, "deadline.ms"),
        ({"deadline": {"ms": [3500]}}, "deadline.ms"),
        ({"deadline": {"ms": 5, "on_miss": None}}, "deadline.on_miss"),
        ({"deadline": 3500}, "deadline"),
        ({"deadline": True}, "deadline"),
        ({"deadline": []}, "deadline"),
        ({"deadline": "3500"}, "deadline"),
        ({"deadline_ms": 0}, "deadline_ms"),
        ({"deadline_ms": False}, "deadline_ms"),
        ({"deadline_ms": "3500"}, "deadline_ms"),
        ({"deadline_ms": {"ms": 3500}}, "deadline_ms"),
        ({"deadline": {"ms": 3500}, "deadline_ms": -1}, "deadline_ms"),
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


NO_NUMBER = (
    b"",
    b"soon",
    b"nan",
    b"inf",
    b"-inf",
    b"0x10",
    b"1_000",
    b"true",
    b"3,5",
    b"1 2",
    b"9" * 9000,
)
NOT_IN_A_DAY = (b"0", b"-1", b"-0.0", b"1e400", b"1e12", b"-1e400")


@pytest.mark.parametrize("value", [*NO_NUMBER, *NOT_IN_A_DAY])
@pytest.mark.parametrize(
    "name", [b"x-quorate-deadline-ms", b"x-envoy-expected-rq-timeout-ms", b"prefer"]
)
def test_a_header_that_cannot_be_read_is_refused_by_its_name(name: bytes, value: bytes) -> None:
    with pytest.raises(RequestError) as refused:
        budget_ms({}, (name, b'wait="%b"' % value if name == b"prefer" else value))
    assert refused.value.param == name.decode()
    assert refused.value.status == 400
    assert len(refused.value.message) < 200


@pytest.mark.parametrize(
    "value",
    [b"", b"5", b"S", b"5X", b"5s", b"-1S", b"1.5S", b"5 S", b"123456789S", b"0S", b"99999999H"],
)
def test_a_malformed_grpc_timeout_is_refused(value: bytes) -> None:
    with pytest.raises(RequestError) as refused:
        budget_ms({}, (b"grpc-timeout", value))
    assert refused.value.param == "grpc-timeout"


@pytest.mark.parametrize(
    "value", [b"wait", b"wait=", b"wait;x=1", b'wait=""', b"a, wait=abc", b"wait=3 5"]
)
def test_a_preference_to_wait_says_for_how_long(value: bytes) -> None:
    with pytest.raises(RequestError) as refused:
        budget_ms({}, (b"prefer", value))
    assert refused.value.param == "prefer"


@pytest.mark.parametrize(
    "value", [b"waiting=5", b"x; wait=5", b'x="wait=5"', b'x="a, wait=5"', b"wait x", b"", b","]
)
def test_what_only_looks_like_a_wait_is_none(value: bytes) -> None:
    assert budget_ms({}, (b"prefer", value)) is None


def test_of_several_waits_in_one_list_the_first_counts() -> None:
    assert budget_ms({}, (b"prefer", b"wait=5, wait=2")) == 5000


def test_repeated_headers_count_each() -> None:
    repeated = ((b"prefer", b"wait=5"), (b"prefer", b"respond-async"), (b"prefer", b"wait=2"))
    assert budget_ms({}, *repeated) == 2000
    assert budget_ms({}, (b"grpc-timeout", b"9S"), (b"grpc-timeout", b"3S")) == 3000
    with pytest.raises(RequestError):
        budget_ms({}, (b"grpc-timeout", b"9S"), (b"grpc-timeout", b"3"))


def test_a_clients_own_timeout_counts_by_opt_in_only() -> None:
    header = (b"x-stainless-read-timeout", b"3.5")
    assert budget_ms({}, header) is None
    assert budget_ms({}, (b"x-stainless-read-timeout", b"soon")) is None
    assert budget_ms({}, header, named=ALL_HEADERS) == 3395


@pytest.mark.parametrize(
    ("timeout_s", "ms"),
    [
        (b"3.5", 3395),  # 3 %
        (b"1", 950),  # at least 50 ms
        (b"60.0", 59_500),  # at most 500 ms
        (b"0.06", 30),  # at most half
        (b"601", 600_500),
    ],
)
@pytest.mark.parametrize("name", sorted(CLIENT_TIMEOUT_HEADERS))
def test_a_clients_own_timeout_leaves_time_for_the_network(
    name: bytes, timeout_s: bytes, ms: float
) -> None:
    assert budget_ms({}, (name, timeout_s), named=ALL_HEADERS) == ms


@pytest.mark.parametrize("value", [b"600", b"600.0", b"0", b"0.0", b"1e9", b"1e400"])
@pytest.mark.parametrize("name", sorted(CLIENT_TIMEOUT_HEADERS))
def test_a_clients_default_and_no_timeout_at_all_are_no_deadline(name: bytes, value: bytes) -> None:
    assert budget_ms({}, (name, value), named=ALL_HEADERS) is None
    assert budget_ms({"deadline_ms": 700}, (name, value), named=ALL_HEADERS) == 700


@pytest.mark.parametrize("value", [*NO_NUMBER, b"-1", b"-1e400"])
@pytest.mark.parametrize("name", sorted(CLIENT_TIMEOUT_HEADERS))
def test_a_clients_timeout_that_cannot_be_read_is_refused(name: bytes, value: bytes) -> None:
    with pytest.raises(RequestError) as refused:
        budget_ms({}, (name, value), named=ALL_HEADERS)
    assert refused.value.param == name.decode()


def test_a_clients_own_timeout_beside_a_deadline_is_one_more_of_which_the_smallest_wins() -> None:
    header = (b"x-stainless-read-timeout", b"2")
    assert budget_ms({"deadline_ms": 900}, header, named=ALL_HEADERS) == 900
    assert budget_ms({"deadline_ms": 9000}, header, named=ALL_HEADERS) == 1940


@given(st.lists(st.tuples(st.sampled_from(HEADERS), st.binary(max_size=40)), max_size=4))
def test_any_header_sets_a_deadline_none_or_is_refused(headers: list[Header]) -> None:
    refusals: list[RequestError] = []
    found = None
    try:
        found = budget_ms({}, *headers, named=ALL_HEADERS)
    except RequestError as error:
        refusals.append(error)
    assert found is None or 0 <= found <= LONGEST_MS
    assert all((error.param or "").encode() in ALL_HEADERS for error in refusals)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("piece", [b" ", b'"', b"\\", b",", b"wait ", b'"\\', b";", b"wait=1;"])
def test_a_huge_header_is_read_at_once(piece: bytes) -> None:
    value = b"x" + piece * 50_000
    for name in HEADERS:
        with suppress(RequestError):
            budget_ms({}, (name, value), (name, piece * 50_000 + b"x"), named=ALL_HEADERS)
