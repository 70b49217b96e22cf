"""An engine's HTTP error, in our own terms."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from quorate_server.engines.unreadable import UNREADABLE
from quorate_server.errors import (
    EngineDenied,
    EngineError,
    EngineFailed,
    EngineRejected,
    EngineUnavailable,
)

_VALIDATION_MESSAGE = re.compile(r"""'msg': (?P<quote>['"])(?P<message>.*?)(?P=quote)(?:, '|\})""")


def refusal(status: int, body: bytes) -> EngineError:
    """What an answer of `status` >= 400 means.

    4xx is the client's to mend and told as it is, but for the ones that speak of Quorate's own
    standing with the engine: its key (401, 403), its rate (429), its time (408).
    """
    fields = _fields(body)
    message = _message(fields) or body[:300].decode("utf-8", "replace").strip()
    said = f"HTTP {status}: {message}" if message else f"HTTP {status}"
    if status in (401, 403):
        return EngineDenied(f"The engine refused Quorate's API key ({said}).")
    if status in (408, 429, 503):
        return EngineUnavailable(f"The engine takes no request now ({said}).")
    if status >= 500:
        return EngineFailed(f"The engine failed ({said}).")
    param, code = fields.get("param"), fields.get("code")
    return EngineRejected(
        message or said,
        status=status,
        param=param.removeprefix("body.") if isinstance(param, str) else None,
        code=code if isinstance(code, str) else None,
    )


def _fields(body: bytes) -> Mapping[str, Any]:
    """The error's fields, wherever the kind of engine puts them."""
    try:
        answer = msgspec.json.decode(body)
    except UNREADABLE:
        return {}
    if not isinstance(answer, dict):
        return {}
    error = answer.get("error", answer)
    return error if isinstance(error, dict) else {"message": error}


def _message(fields: Mapping[str, Any]) -> str:
    message = fields.get("message") or fields.get("detail") or ""
    if not isinstance(message, str):
        return msgspec.json.encode(message).decode()
    # vLLM prints pydantic's error list as Python; the sentences in it are what a client can use.
    told = [match["message"] for match in _VALIDATION_MESSAGE.finditer(message)]
    return "; ".join(dict.fromkeys(told)) or message
