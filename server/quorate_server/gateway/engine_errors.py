"""An engine's failure as the client of a plain request is told it.

What it means is decided in `engines.refusal`, for plain requests and groups alike; here is what a
relay adds: bodies not fit to be shown, rate limits passed on, errors inside a stream.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from quorate_server.engines.refusal import refusal
from quorate_server.errors import EngineFailed, EngineRejected, Overloaded, QuorateError
from quorate_server.upstream import Header

_NUMBER = re.compile(rb"\d{1,6}(\.\d{1,3})?")


def engine_error(status: int, body: bytes, headers: Sequence[Header] = ()) -> QuorateError:
    """The error to tell where an engine answered with `status` (not 2xx) and `body`."""
    if status < 400:
        return EngineFailed(f"The engine answered with HTTP {status}, which is no answer.")
    error = refusal(status, body if _fit_to_be_shown(body) else b"")
    if status == 429:
        busy = Overloaded(error.message, retry_after_ms=_retry_after_ms(headers))
        busy.status = 429
        return busy
    if isinstance(error, EngineRejected) and status == 404 and error.param == "model":
        error.code = error.code or "model_not_found"
    return error


def engine_error_event(event: Mapping[str, Any]) -> QuorateError:
    """The same for an error inside a stream, where the status has to be read from the error."""
    said = event.get("error")
    code = said.get("code") if isinstance(said, dict) else None
    status = code if isinstance(code, int) and 400 <= code < 600 else 500
    return engine_error(status, msgspec.json.encode(event))


def _fit_to_be_shown(body: bytes) -> bool:
    """A JSON object is; pages and stack traces say more of an engine's inside than they should."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(said, dict) and b"Traceback (most recent" not in body


def _retry_after_ms(headers: Sequence[Header]) -> int:
    for name, value in headers:
        if name in (b"retry-after", b"retry-after-ms") and _NUMBER.fullmatch(value):
            return max(1, int(float(value) * (1 if name.endswith(b"-ms") else 1000)))
    return 1000
