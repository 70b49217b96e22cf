"""An engine's process: started, listened to, stopped, and never left behind."""

import asyncio
import contextlib
import logging
import os
import re
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from quorate_server.engines.child import DYING_S, ENDED
from quorate_server.engines.launch import EngineCommand

KEPT_LINES = 400
MAX_LINE_CHARACTERS = 4_000
STOP_GRACE_S = 5.0
"""What an engine gets between being asked to end and being killed."""

_CHILD = Path(__file__).with_name("child.py")
_ENDED = re.compile(re.escape(ENDED) + r" (\d+)")
_LINE_END = re.compile(rb"[\r\n]+")

logger = logging.getLogger("quorate.engine")


class EngineProcess:
    """A running engine. `log` holds the last lines it wrote.

    `down` is set as soon as the engine has ended, `gone` once nothing of it is left.
    """

    def __init__(self, process: asyncio.subprocess.Process, on_line: Callable[[str], None]) -> None:
        self._process = process
        self._on_line = on_line
        self.log: deque[str] = deque(maxlen=KEPT_LINES)
        self.down = asyncio.Event()
        self.gone = asyncio.Event()
        self._status: int | None = None

    @property
    def pid(self) -> int:
        """Of the process that keeps the engine's; also their process group."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """128 + n where signal n ended it; None while it runs."""
        return self._status if self._status is not None else self._process.returncode

    def stop(self) -> None:
        """Ask it to end; it is killed if it has not within STOP_GRACE_S."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, with all it has started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    async def listen(self) -> None:
        """Pass its output on, line by line, until nothing of it is left."""
        assert self._process.stdout is not None
        rest = b""
        try:
            while piece := await self._process.stdout.read(65_536):
                *lines, rest = _LINE_END.split(rest + piece)
                rest = rest[-MAX_LINE_CHARACTERS:]
                for line in lines:
                    self._hear(line)
            self._hear(rest)
            await self._process.wait()
        finally:
            self.down.set()
            self.gone.set()

    def _hear(self, raw: bytes) -> None:
        line = raw[:MAX_LINE_CHARACTERS].decode("utf-8", "replace").rstrip()
        if not line:
            return
        logger.debug("%s", line)
        ended = _ENDED.fullmatch(line)
        if ended:
            self._status = int(ended[1])
            self.down.set()
            return
        self.log.append(line)
        self._on_line(line)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)


@contextlib.asynccontextmanager
async def running(
    command: EngineCommand, on_line: Callable[[str], None] = lambda _line: None
) -> AsyncIterator[EngineProcess]:
    """Run an engine for as long as the block lasts; when it is left, the engine is gone.

    Raises OSError where not even its keeper can be started.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(_CHILD),
        str(os.getpid()),
        str(STOP_GRACE_S),
        str(command.niceness),
        *command.argv,
        env=dict(command.env),
        # Held open for as long as this process lives: its end tells the keeper that we are gone.
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    engine = EngineProcess(process, on_line)
    listening = asyncio.create_task(engine.listen())
    try:
        yield engine
    finally:
        await _end(engine, listening)


async def _end(engine: EngineProcess, listening: asyncio.Task[None]) -> None:
    engine.stop()
    try:
        async with asyncio.timeout(STOP_GRACE_S + DYING_S):
            await engine.gone.wait()
    except TimeoutError:
        logger.warning("the engine did not end in time and is killed")
    finally:
        # Also when it has ended by itself: its keeper may have been killed before its workers.
        engine.kill()
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
