"""The reasoning under both its names: `reasoning` (vLLM) and `reasoning_content` (DeepSeek's)."""

import re

# The closing quote is not escaped and a colon follows, nor is the opening quote: that is a key of
# the JSON, never text inside a string. The value is a string, read without backtracking, or null.
_VALUE = rb'\s*+:\s*+("[^"\\]*+(?:\\.[^"\\]*+)*+"|null)'
_REASONING = re.compile(rb'"reasoning"(?<!\\"reasoning")' + _VALUE, re.DOTALL)
_REASONING_CONTENT = re.compile(
    rb'"reasoning_content"(?<!\\"reasoning_content")' + _VALUE, re.DOTALL
)
_BOTH = rb'"reasoning":\1,"reasoning_content":\1'


def mirror_reasoning(data: bytes) -> bytes:
    """Add to an answer (or to one event of a stream) whichever of the two names it lacks."""
    if b'"reasoning' not in data:
        return data
    if _REASONING.search(data) is None:
        return _REASONING_CONTENT.sub(_BOTH, data)
    if _REASONING_CONTENT.search(data) is None:
        return _REASONING.sub(_BOTH, data)
    return data
