"""Showing that something takes its time, on a terminal or in a log."""

import sys
import time
from typing import TextIO

from rich.console import Console
from rich.status import Status


class StartProgress:
    """The phases of a start: a spinner with the time on a terminal, a line each elsewhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._console = Console(file=self._stream)
        self._started_at = time.monotonic()
        self._status: Status | None = None
        self._said = ""

    @property
    def console(self) -> Console:
        """Where else to write while the spinner turns."""
        return self._console

    def phase(self, phase: str) -> None:
        """The start has come to this phase."""
        if phase == self._said:
            return
        self._said = phase
        if not self._console.is_terminal:
            seconds = time.monotonic() - self._started_at
            self._stream.write(f"quorate: {phase} ({seconds:.0f} s)\n")
            self._stream.flush()
        elif self._status is None:
            self._status = self._console.status(phase)
            self._status.start()
        else:
            self._status.update(phase)

    def end(self) -> float:
        """The start is over. Returns the seconds since the first phase could be shown."""
        self._said = ""
        if self._status is not None:
            self._status.stop()
            self._status = None
        return time.monotonic() - self._started_at
