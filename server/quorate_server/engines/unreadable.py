"""What it means that an engine's JSON cannot be read."""

import msgspec

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding raises: no JSON or another shape, a string that is no UTF-8, nested too deeply."""
