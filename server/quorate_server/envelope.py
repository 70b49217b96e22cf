"""Errors on the wire: OpenAI's envelope, from one place."""

import msgspec

from quorate_server.errors import (
    DeadlineInfeasible,
    EngineUnavailable,
    Overloaded,
    QuorateError,
)
from quorate_server.upstream import Header


def error_body(error: QuorateError) -> bytes:
    """`{"error": {"message", "type", "param", "code"}}`, all four keys always."""
    return msgspec.json.encode(
        {
            "error": {
                "message": error.message,
                "type": error.type,
                "param": error.param,
                "code": error.code,
            }
        }
    )


def error_headers(error: QuorateError) -> list[Header]:
    """What a client's retry logic reads; OpenAI's SDKs obey `x-should-retry`."""
    headers = [(b"x-should-retry", b"true" if error.retryable else b"false")]
    match error:
        case DeadlineInfeasible():
            headers.append((b"x-quorate-earliest-ms", b"%d" % error.earliest_ms))
        case Overloaded():
            headers.append((b"retry-after-ms", b"%d" % error.retry_after_ms))
            headers.append((b"retry-after", b"%d" % max(1, -(-error.retry_after_ms // 1000))))
            if error.earliest_ms is not None:
                headers.append((b"x-quorate-earliest-ms", b"%d" % error.earliest_ms))
        case EngineUnavailable():
            headers.append((b"retry-after", b"1"))
        case _:
            pass
    return headers
