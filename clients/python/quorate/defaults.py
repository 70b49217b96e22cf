"""Where the server is, and the key it wants, when the caller does not say."""

import os
from typing import Any

BASE_URL = "http://127.0.0.1:8000/v1"


def base_url_or_default(given: Any) -> Any:
    """What was given, else QUORATE_BASE_URL, else a server on this machine."""
    return given or os.environ.get("QUORATE_BASE_URL") or BASE_URL


def api_key_or_default(given: Any) -> Any:
    """What was given, else QUORATE_API_KEY, else one that a server without keys takes."""
    return given or os.environ.get("QUORATE_API_KEY") or "none"
