"""Reading a deadline off the wire: body fields and headers, the smallest wins.

Headers that tell one, each repeated as often as a proxy likes:

    x-quorate-deadline-ms             milliseconds
    x-envoy-expected-rq-timeout-ms    milliseconds, as Envoy tells the next hop
    grpc-timeout                      gRPC's: up to eight digits and a unit
    prefer                            `wait=` seconds (RFC 7240, 4.3)

and where the configuration trusts them (`CLIENT_TIMEOUT_HEADERS`) what OpenAI's SDKs tell of
their own `timeout=`: `x-stainless-read-timeout` in seconds, `x-stainless-timeout` in whole ones.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from quorate_sampling.deadline import Deadline
from quorate_server.errors import RequestError
from quorate_server.upstream import Header

LONGEST_MS = 24 * 3600 * 1000
"""A deadline further off than a day is taken for a mistake."""

SDK_DEFAULT_S = 600.0
"""What OpenAI's SDKs send where nobody chose a timeout: it says nothing."""

NETWORK_SHARE, NETWORK_LEAST_S, NETWORK_MOST_S = 0.03, 0.05, 0.5
"""What is taken off a client's own timeout for the way to it and back: 3 %, at least 50 ms, at
most 500 ms, and never more than half."""

OnMiss = Literal["answer", "error"]

_NUMBER = re.compile(rb"-?[0-9]{1,15}(?:\.[0-9]{0,15})?(?:[eE][+-]?[0-9]{1,3})?")
_GRPC = re.compile(rb"([0-9]{1,8})([HMSmun])")
_GRPC_UNIT_MS = {b"H": 3.6e6, b"M": 6e4, b"S": 1e3, b"m": 1.0, b"u": 1e-3, b"n": 1e-6}
_PREFERENCE = re.compile(rb"""(?:[^,"]++|"(?:[^"\\]++|\\.)*+"?)++""", re.DOTALL)
_WAIT = re.compile(rb"\s*+wait\s*+(?:=([^;]*+))?+(?:;|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """A deadline and what to do when the model would miss it."""

    deadline: Deadline
    on_miss: OnMiss = "answer"


def read_time_limit(
    body: Mapping[str, Any],
    headers: Sequence[Header],
    arrived_at: float,
    *,
    named: Collection[bytes] | None = None,
) -> TimeLimit | None:
    """The deadline of a request that arrived at `arrived_at` (monotonic seconds), if it has one.

    `named` are the headers that may tell one, by default `DEADLINE_HEADERS`. `deadline` may leave
    `ms` to another form, and only say what to do `on_miss`. Raises RequestError
    naming the field or header that cannot be read.
    """
    on_miss: OnMiss = "answer"
    budgets = list(_header_budgets(headers, DEADLINE_HEADERS if named is None else named))
    asked = body.get("deadline")
    if isinstance(asked, Mapping):
        for name in asked:
            if name not in ("ms", "on_miss"):
                raise RequestError(
                    f"`deadline.{name}` is not a field of it.", param=f"deadline.{name}"
                )
        if asked.get("on_miss", "answer") not in ("answer", "error"):
            raise RequestError(
                "`deadline.on_miss` must be `answer` or `error`.", param="deadline.on_miss"
            )
        on_miss = asked.get("on_miss", "answer")
        if "ms" in asked:
            budgets.append(_milliseconds(asked["ms"], "deadline.ms"))
    elif asked is not None:
        raise RequestError('`deadline` must be an object: {"ms": 3500}.', param="deadline")
    if body.get("deadline_ms") is not None:
        budgets.append(_milliseconds(body["deadline_ms"], "deadline_ms"))
    if not budgets and asked is not None:
        raise RequestError(
            "`deadline.ms` is missing, and nothing else tells it.", param="deadline.ms"
        )
    if not budgets:
        return None
    return TimeLimit(Deadline.after(min(budgets) / 1000, started_at=arrived_at), on_miss)


def _header_budgets(headers: Sequence[Header], named: Collection[bytes]) -> Iterator[float]:
    for name, value in headers:
        read = _READERS.get(name) if name in named else None
        budget_ms = read(value.strip(), name.decode()) if read is not None else None
        if budget_ms is not None:
            yield budget_ms


def _plain(value: bytes, param: str) -> float:
    return _milliseconds(_number(value, param), param)


def _grpc(value: bytes, param: str) -> float:
    match = _GRPC.fullmatch(value)
    if match is None:
        raise RequestError(
            f"The header `{param}` must be up to eight digits and a unit of H, M, S, m, u or n.",
            param=param,
        )
    return _milliseconds(float(match[1]) * _GRPC_UNIT_MS[match[2]], param)


def _wait(value: bytes, param: str) -> float | None:
    """The first `wait` of a list of preferences counts (RFC 7240, 2); None without one."""
    for preference in _PREFERENCE.findall(value):
        wait = _WAIT.match(preference)
        if wait is not None:
            return _milliseconds(_number((wait[1] or b"").strip(b' \t"'), param) * 1000, param)
    return None


def _client_timeout(value: bytes, param: str) -> float | None:
    """None where an SDK has no timeout, does not know it, or has it from nobody."""
    timeout_s = _number(value, param)
    if timeout_s in (0, SDK_DEFAULT_S) or timeout_s * 1000 > LONGEST_MS:
        return None
    on_the_way_s = min(max(NETWORK_LEAST_S, NETWORK_SHARE * timeout_s), NETWORK_MOST_S)
    return _milliseconds(1000 * max(timeout_s - on_the_way_s, timeout_s / 2), param)


_Reader = Callable[[bytes, str], float | None]
"""From a header's value and its name to a budget in milliseconds; None where it sets none."""

_CLIENT_TIMEOUTS: Mapping[bytes, _Reader] = {
    b"x-stainless-read-timeout": _client_timeout,
    b"x-stainless-timeout": _client_timeout,
}
_DEADLINES: Mapping[bytes, _Reader] = {
    b"x-quorate-deadline-ms": _plain,
    b"x-envoy-expected-rq-timeout-ms": _plain,
    b"grpc-timeout": _grpc,
    b"prefer": _wait,
}
_READERS: Mapping[bytes, _Reader] = MappingProxyType({**_DEADLINES, **_CLIENT_TIMEOUTS})

DEADLINE_HEADERS = frozenset(_DEADLINES)
"""Headers that tell a deadline; `prefer` does with a `wait=`."""

CLIENT_TIMEOUT_HEADERS = frozenset(_CLIENT_TIMEOUTS)
"""Headers that tell how long OpenAI's SDKs wait between two bytes: a deadline by opt-in only."""


def _number(value: bytes, param: str) -> float:
    """A decimal number; what Python would read beyond that (`1_000`, `nan`) is none."""
    if not _NUMBER.fullmatch(value):
        raise RequestError(f"The header `{param}` must be a number.", param=param)
    return float(value)


def _milliseconds(value: Any, param: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestError(f"`{param}` must be a number of milliseconds.", param=param)
    if not 0 < value <= LONGEST_MS:
        raise RequestError(
            f"`{param}` must be more than 0 and at most {LONGEST_MS} ms (a day).", param=param
        )
    return float(value)
