"""Finding what an engine says a request cost, in the bytes of its answer."""

import re

import msgspec

_KEY = b'"usage"'
# An object of numbers that nests once (the …_details); it holds no strings with braces.
_OBJECT = re.compile(rb'"usage"\s*:\s*(\{[^{}]*+(?:\{[^{}]*+\}[^{}]*+)*+\})')


class _Details(msgspec.Struct, gc=False):
    reasoning_tokens: int | None = None


class Usage(msgspec.Struct, gc=False):
    """OpenAI's usage, as far as a bill needs it."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    completion_tokens_details: _Details | None = None

    @property
    def reasoning_tokens(self) -> int:
        details = self.completion_tokens_details
        return (details.reasoning_tokens or 0) if details is not None else 0


_decoder = msgspec.json.Decoder(Usage)


def find_usage(data: bytes) -> Usage | None:
    """The last usage object in a response or an event; None where there is none to be had."""
    at = data.rfind(_KEY)
    while at >= 0:
        found = _OBJECT.match(data, at)
        if found is not None:
            try:
                return _decoder.decode(found[1])
            except msgspec.DecodeError:
                return None
        at = data.rfind(_KEY, 0, at)
    return None
