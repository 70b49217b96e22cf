"""Looking into a request's body for the few fields the gateway owns, and no further."""

import re

import msgspec
from msgspec import UNSET, Raw, UnsetType

from quorate_server.errors import RequestError

MOST_SAMPLES = 128
"""For counting; an engine says itself what it refuses."""
ABSENT = Raw(b"")
"""What a raw field holds when the body does not have it."""


class StreamOptions(msgspec.Struct, gc=False):
    include_usage: bool | None = None


class Peek(msgspec.Struct, gc=False):
    """The fields of a completion request that decide its way; all others are skipped unread.

    `consensus`, `deadline` and `deadline_ms` are kept as the JSON that came (`ABSENT` if none).
    """

    model: str | None = None
    stream: bool | None = None
    stream_options: StreamOptions | UnsetType | None = UNSET
    n: int | None = None
    consensus: Raw = ABSENT
    deadline: Raw = ABSENT
    deadline_ms: Raw = ABSENT

    @property
    def samples(self) -> int:
        """How many samples are asked for; what is none is refused by the engine."""
        return 1 if self.n is None else max(1, min(self.n, MOST_SAMPLES))

    @property
    def names_our_fields(self) -> bool:
        """A field of ours is in the body, if only as null: an engine must not see it."""
        return not (
            self.consensus is ABSENT and self.deadline is ABSENT and self.deadline_ms is ABSENT
        )

    @property
    def asks_for_more(self) -> bool:
        """Consensus or a deadline is asked for: null is the same as not there, and so is
        `"consensus": false`."""
        return self.names_our_fields and (
            bytes(self.consensus) not in (b"", b"null", b"false")
            or any(bytes(raw) not in (b"", b"null") for raw in (self.deadline, self.deadline_ms))
        )

    @property
    def wants_usage(self) -> bool:
        """The client asked for usage at the end of its stream."""
        options = self.stream_options
        return isinstance(options, StreamOptions) and options.include_usage is True


OUR_FIELDS = ("consensus", "deadline", "deadline_ms")
"""What must never reach an engine."""

_decoder = msgspec.json.Decoder(Peek)
_AT = re.compile(r"(?P<what>.*) - at `\$\.?(?P<where>[^`]*)`$", re.DOTALL)


def peek(body: bytes) -> Peek:
    """Read our fields of a body. Raises RequestError, with the field or the position at fault."""
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _wrong_type(str(error)) from error
    except UnicodeDecodeError as error:
        raise RequestError(
            "The body is not valid JSON: it holds bytes that are no UTF-8."
        ) from error
    except RecursionError as error:
        raise RequestError("The body is nested too deeply.") from error
    except msgspec.DecodeError as error:
        raise RequestError(f"The body is not valid JSON: {_position(error, body)}.") from error


def _wrong_type(message: str) -> RequestError:
    found = _AT.match(message)
    if found is None:
        return RequestError("The body has to be a JSON object.")
    where = found["where"]
    return RequestError(f"{found['what']} for `{where}`.", param=where)


def _position(error: msgspec.DecodeError, body: bytes) -> str:
    text = str(error).removeprefix("JSON is malformed: ")
    if "(byte" in text:
        return text
    return f"it ends too early (byte {len(body)})" if body else "it is empty"
