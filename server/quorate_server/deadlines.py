"""Reading a deadline off the wire: body fields and headers, the smallest wins."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from quorate_sampling.deadline import Deadline
from quorate_server.errors import RequestError
from quorate_server.upstream import Header

LONGEST_MS = 24 * 3600 * 1000
"""A deadline further off than a day is taken for a mistake."""

OnMiss = Literal["answer", "error"]

_GRPC = re.compile(rb"([0-9]{1,8})([HMSmun])")
_GRPC_UNIT_MS = {b"H": 3.6e6, b"M": 6e4, b"S": 1e3, b"m": 1.0, b"u": 1e-3, b"n": 1e-6}
_PREFER_WAIT = re.compile(rb"(?:^|[,;\s])wait\s*=\s*\"?([^,;\s\"]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """A deadline and what to do when the model would miss it."""

    deadline: Deadline
    on_miss: OnMiss = "answer"


def read_time_limit(
    body: Mapping[str, Any], headers: Sequence[Header], arrived_at: float
) -> TimeLimit | None:
    """The deadline of a request that arrived at `arrived_at` (monotonic seconds), if it has one.

    Raises RequestError naming the field or header that cannot be read.
    """
    on_miss: OnMiss = "answer"
    budgets = list(_header_budgets(headers))
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
        budgets.append(_milliseconds(asked.get("ms"), "deadline.ms"))
    elif asked is not None:
        raise RequestError('`deadline` must be an object: {"ms": 3500}.', param="deadline")
    if body.get("deadline_ms") is not None:
        budgets.append(_milliseconds(body["deadline_ms"], "deadline_ms"))
    if not budgets:
        return None
    return TimeLimit(Deadline.after(min(budgets) / 1000, started_at=arrived_at), on_miss)


def _header_budgets(headers: Iterable[Header]) -> Iterable[float]:
    for name, value in headers:
        if name in (b"x-quorate-deadline-ms", b"x-envoy-expected-rq-timeout-ms"):
            yield _number(value, name.decode())
        elif name == b"grpc-timeout":
            match = _GRPC.fullmatch(value.strip())
            if match is None:
                raise RequestError(
                    "The header `grpc-timeout` must be up to eight digits and a unit of H, M, S, "
                    "m, u or n.",
                    param="grpc-timeout",
                )
            yield _milliseconds(float(match[1]) * _GRPC_UNIT_MS[match[2]], "grpc-timeout")
        elif name == b"prefer":
            wait = _PREFER_WAIT.search(value)
            if wait is not None:
                yield _milliseconds(_number(wait[1], "prefer") * 1000, "prefer")


def _number(value: bytes, param: str) -> float:
    try:
        number = float(value)
    except ValueError:
        raise RequestError(f"The header `{param}` must be a number.", param=param) from None
    return _milliseconds(number, param)


def _milliseconds(value: Any, param: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestError(f"`{param}` must be a number of milliseconds.", param=param)
    if not 0 < value <= LONGEST_MS:
        raise RequestError(
            f"`{param}` must be more than 0 and at most {LONGEST_MS} ms (a day).", param=param
        )
    return float(value)
