"""A stream of events on its way from engine to client: changed where it must be, as it passes."""

import re

import msgspec

from quorate_server.errors import EngineFailed, QuorateError
from quorate_server.gateway.engine_errors import engine_error_event
from quorate_server.gateway.reasoning import mirror_reasoning
from quorate_server.gateway.reply import error_event
from quorate_server.gateway.usage import Usage, find_usage

MAX_EVENT_BYTES = 64 * 2**20
"""An event longer than this is no event but a broken engine."""

_NO_CHOICES = re.compile(rb'"choices"\s*:\s*\[\s*\]')
_DONE = b"data: [DONE]"


class StreamRewriter:
    """Rewrites one stream, event by event, however its bytes were cut.

    `wants_usage`: whether the client asked for usage. If not, the chunk that the gateway asked for
    is taken out again; if so, the other chunks get the `"usage": null` that OpenAI sends and vLLM
    does not. Memory is bounded by the longest event.
    """

    def __init__(self, *, wants_usage: bool) -> None:
        self._wants_usage = wants_usage
        self._rest = bytearray()
        self.usage: Usage | None = None
        """The last usage the engine told."""
        self.chunks = 0
        """Chunks with choices that passed: each stands for a token at least."""
        self.done = False
        """The stream has come to its proper end."""
        self.error: QuorateError | None = None
        """What the engine told to have gone wrong, or broke off with."""

    def feed(self, piece: bytes) -> bytes:
        """Bytes from the engine; returns those for the client (maybe none)."""
        events = self._complete(piece)
        if not events:
            return b""
        return b"".join([self._event(event) for event in events])

    def finish(self) -> bytes:
        """The engine's stream has ended; returns what is left to say."""
        if _is_done(bytes(self._rest).strip()):  # some end without the empty line
            return self._event(_DONE)
        return self.fail(EngineFailed("The engine ended its stream before it was complete."))

    def fail(self, error: QuorateError) -> bytes:
        """The stream broke: its last event, which says so. No `[DONE]` follows it."""
        if self.done or self.error is not None:
            return b""
        self.error = error
        return error_event(error)

    def _complete(self, piece: bytes) -> list[bytes]:
        """The events that are complete now, each without the empty line that ends it."""
        rest = self._rest
        if not rest and piece.endswith(b"\n\n") and b"\r" not in piece:
            return piece.split(b"\n\n")
        searched = max(0, len(rest) - 1)
        rest += piece
        if rest.find(b"\r\n", searched) >= 0:  # inside JSON both are escaped: this ends a line
            rest[searched:] = rest[searched:].replace(b"\r\n", b"\n")
            searched = max(0, searched - 1)
        end = rest.rfind(b"\n\n", searched)
        if end < 0:
            if len(rest) > MAX_EVENT_BYTES:
                raise EngineFailed("The engine sent an event without end.")
            return []
        whole = bytes(rest[:end])
        del rest[: end + 2]
        return whole.split(b"\n\n")

    def _event(self, event: bytes) -> bytes:
        if self.done or self.error is not None:
            return b""  # nothing follows an end
        event = event.strip(b"\n")
        if event.startswith(b"data:"):
            return self._data(event)
        # A comment, or a named event: only its data is ours to look into.
        name, found, data = event.partition(b"\ndata:")
        if not found:
            return event + b"\n\n" if event else b""
        data = self._data(b"data:" + data)
        return name + b"\n" + data if data else b""

    def _data(self, data: bytes) -> bytes:
        if _is_done(data):
            self.done = True
            return b"data: [DONE]\n\n"
        if b'"error"' in data and (error := _told_error(data)) is not None:
            return self.fail(error)
        if b'"usage"' in data and (usage := find_usage(data)) is not None:
            self.usage = usage
            if _NO_CHOICES.search(data) is not None:
                return data + b"\n\n" if self._wants_usage else b""
        elif self._wants_usage and data.endswith(b"}") and b'"usage"' not in data:
            data = data[:-1] + b',"usage":null}'
        self.chunks += 1
        return mirror_reasoning(data) + b"\n\n"


def _is_done(data: bytes) -> bool:
    return data.endswith(b"[DONE]") and data[5:].strip() == b"[DONE]"


def _told_error(data: bytes) -> QuorateError | None:
    """The error an event tells; None where the word only occurs in it."""
    try:
        event = msgspec.json.decode(data[5:])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(event, dict) or not event.get("error"):
        return None
    return engine_error_event(event)
