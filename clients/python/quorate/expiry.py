"""Whether a stream ended because its time was up."""

from typing import Any

MARK = "quorate_expired"


def expired(stream: Any) -> bool:
    """Of a stream made under a deadline with `on_expiry="partial"`: whether that cut it short."""
    response = getattr(stream, "response", stream)
    return MARK in response.extensions
