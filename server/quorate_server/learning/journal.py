"""Writing lines to a file without making anybody wait for the disk."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from quorate_server.encoding import encode
from quorate_server.errors import FeedbackNotRecorded
from quorate_server.learning.lines import LineFile

MOST_PENDING_BYTES = 64 * 2**20
LINE_BYTES = 4096
"""What a line is taken to weigh where nobody says."""
FLUSH_S = 5.0
"""What the disk gets at shutdown for the lines still to be written."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Entry:
    line: Mapping[str, Any]
    weight: int
    written: asyncio.Future[None] | None = None
    """Resolved when the line is in the file; None where nobody waits for it."""


class Journal:
    """A queue in front of a `LineFile`. Lines are encoded and written in a thread.

    The lines that wait are bounded by their weight; what does not fit is dropped and counted, and
    so is what the disk does not take. Belongs to one event loop; writes while `writing` is open.
    """

    def __init__(self, file: LineFile, *, most_pending_bytes: int = MOST_PENDING_BYTES) -> None:
        self.written = 0
        self.dropped = 0
        self._file = file
        self._most = most_pending_bytes
        self._pending: deque[_Entry] = deque()
        self._weight = 0
        self._news = asyncio.Event()
        self._open = False
        self._failing = False

    def offer(self, line: Mapping[str, Any], weight: int = LINE_BYTES) -> bool:
        """Take a line of about `weight` bytes to be written; False where it had to be dropped."""
        return self._take(_Entry(line, weight))

    async def append(self, line: Mapping[str, Any], weight: int = LINE_BYTES) -> None:
        """Write a line and wait until it is in the file. Raises FeedbackNotRecorded."""
        written = asyncio.get_running_loop().create_future()
        if not self._open or not self._take(_Entry(line, weight, written)):
            raise FeedbackNotRecorded("Too much is waiting to be written: send it again later.")
        await written

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Write for as long as the context is open; at its end, what is left, and close."""
        self._open = True
        writer = asyncio.create_task(self._write_on(), name=f"journal {self._file.path.name}")
        try:
            yield
        finally:
            self._open = False
            self._news.set()
            done, _ = await asyncio.wait([writer], timeout=FLUSH_S)
            if done:
                self._file.close()
            else:  # a thread still has the file, and ends with the process
                writer.cancel()
                logger.error("%s: the disk did not take the last lines in time", self._file.path)

    def _take(self, entry: _Entry) -> bool:
        if self._weight + entry.weight > self._most:
            self.dropped += 1
            return False
        self._weight += entry.weight
        self._pending.append(entry)
        self._news.set()
        return True

    async def _write_on(self) -> None:
        while self._open or self._pending:
            await self._news.wait()
            self._news.clear()
            entries = tuple(self._pending)
            self._pending.clear()
            failures = await asyncio.to_thread(self._write, entries)
            for entry, failure in zip(entries, failures, strict=True):
                self._weight -= entry.weight
                self._account(entry, failure)

    def _write(self, entries: Sequence[_Entry]) -> list[Exception | None]:
        """In the thread: what went wrong with each."""
        failures: list[Exception | None] = []
        for entry in entries:
            try:
                self._file.append(encode(entry.line))
            except (OSError, ValueError, TypeError, RecursionError) as error:
                failures.append(error)
            else:
                failures.append(None)
        return failures

    def _account(self, entry: _Entry, failure: Exception | None) -> None:
        if failure is None:
            self.written += 1
        else:
            self.dropped += 1
            if not self._failing:  # once, not for each line while a disk is full
                logger.error("%s: a line could not be written: %s", self._file.path, failure)
        self._failing = failure is not None
        if entry.written is None or entry.written.done():
            return
        if failure is None:
            entry.written.set_result(None)
        else:
            entry.written.set_exception(
                FeedbackNotRecorded("The feedback could not be written down: send it again later.")
            )
