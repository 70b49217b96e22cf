"""The reasoning under both its names: `reasoning` (vLLM) and `reasoning_content` (DeepSeek's)."""

import re

# The closing quote is not escaped and a colon follows, nor is the opening quote: that is a key of
# the JSON, never text inside a string. The value is a string, read without backtracking, or null.
_VALUE = rb'\s*+:\s*+("[^"\\]*+(?:\\.[^"\\]*+)*+"|null)'
_REASONING = re.compile(rb'"reasoning"(?<!\\"reasoning")' + _VALUE, re.DOTALL)
_REASONING_CONTENT = re.compile(
    rb'"reasoning_content"(?<!\\"reasoning_content")' + _VALUE, re.DOTALL
)


def mirror_reasoning(data: bytes) -> bytes:
    """Add to an answer (or to one event of a stream) whichever of the two names it lacks."""
    if b'"reasoning' not in data:
        return data
    if b'"reasoning_content"' not in data:
        return _add(_REASONING, b',"reasoning_content":', data)
    if _REASONING.search(data) is None:
        return _add(_REASONING_CONTENT, b',"reasoning":', data)
    if _REASONING_CONTENT.search(data) is None:
        return _add(_REASONING, b',"reasoning_content":', data)
    return data


def _add(key: re.Pattern[bytes], other: bytes, data: bytes) -> bytes:
    """Behind each `key` and its value, the `other` key with the same value."""
    parts: list[bytes] = []
    copied = 0
    for found in key.finditer(data):
        parts += (data[copied : found.end()], other, found[1])
        copied = found.end()
    if not parts:
        return data
    parts.append(data[copied:])
    return b"".join(parts)
