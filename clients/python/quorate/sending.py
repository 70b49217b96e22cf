"""The options of a request, made to say how much time there is."""

from collections.abc import Mapping
from copy import copy
from typing import TYPE_CHECKING, Any

from quorate.allowance import NetworkAllowance
from quorate.deadline import Deadline

if TYPE_CHECKING:
    from httpx2 import Response
    from openai._models import FinalRequestOptions

HEADER = "x-quorate-deadline-ms"
LONGEST_MS = 24 * 3600 * 1000
"""What a server takes for a deadline at most."""
STREAMED_RAW = ("x-stainless-raw-response", "stream")


def with_time(
    options: "FinalRequestOptions",
    limit: Deadline,
    allowance: NetworkAllowance,
    defaults: Mapping[str, Any],
) -> "FinalRequestOptions | None":
    """One attempt's options: the header says what remains now, less what the network takes; a
    nearer one of the caller's own, in the options or a client's `defaults`, stays. None when no
    time is left.
    """
    remaining_s = limit.remaining_s()
    budget_ms = int(min(LONGEST_MS, (remaining_s - allowance.of(remaining_s)) * 1000))
    if budget_ms < 1:
        return None
    headers = dict(options.headers) if isinstance(options.headers, Mapping) else {}
    own = _told_ms(headers)
    if own is None:
        own = _told_ms(defaults)
    if own is None or own > budget_ms:
        headers = {k: v for k, v in headers.items() if k.lower() != HEADER}
        headers[HEADER] = str(budget_ms)
    timed = copy(options)
    timed.headers = headers
    timed.max_retries = 0
    return timed


def streams(options: "FinalRequestOptions", *, stream: bool) -> bool:
    """Whether the response's body is left to the caller to read."""
    headers = options.headers if isinstance(options.headers, Mapping) else {}
    name, value = STREAMED_RAW
    return stream or any(k.lower() == name and v == value for k, v in headers.items())


def response_under(result: Any) -> "Response | None":
    """The HTTP response under a stream or a raw response."""
    for name in ("http_response", "response"):
        response: Response | None = getattr(result, name, None)
        if response is not None:
            return response
    return result if hasattr(result, "aiter_raw") else None


def _told_ms(headers: Mapping[str, Any]) -> float | None:
    value = next((v for k, v in headers.items() if k.lower() == HEADER), None)
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None
