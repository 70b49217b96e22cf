"""Server-sent events, as far as OpenAI's API uses them: one `data:` line an event."""

from quorate_server.errors import EngineFailed

MAX_EVENT_BYTES = 64 * 1024 * 1024
"""An event longer than this is no event: the engine speaks something else."""


class EventStream:
    """Cuts a body, in whatever pieces it arrives, into the payloads of its events."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[bytes]:
        """The payloads that `piece` completes, without `data:`; comments are dropped.

        Raises EngineFailed where an event outgrows MAX_EVENT_BYTES.
        """
        lines = (self._rest + piece if self._rest else piece).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > MAX_EVENT_BYTES:
            raise EngineFailed("The engine sent an event without an end.")
        return [line[5:].strip() for line in lines if line.startswith(b"data:")]
