"""One worker as the gateway sees it: a process that is given jobs and listened to."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import Any

from quorate_verifiers.equivalence.workers.sorting import Sorting

DYING_S = 1.0
"""How long a killed process is waited for; it takes a millisecond."""
DYING_STEP_S = 0.001
_TEMPLATE = "quorate_verifiers.equivalence.workers.template"


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """What a worker may take.

    `step_s` and `job_s` are CPU seconds for one comparison and for all of a job, `memory_bytes` is
    address space. On the clock a worker may be silent for `silence_s` in a job, and for `start_s`
    while it imports and warms. `niceness` (0 to 19) lets others on the same cores go first.
    """

    step_s: float = 0.5
    job_s: float = 2.0
    memory_bytes: int = 1 << 30
    silence_s: float = 10.0
    start_s: float = 120.0
    niceness: int = 5


class WorkerDied(Exception):
    """The worker's process has ended, or no longer answers."""


class Worker:
    """A worker's process. It has one job at a time."""

    def __init__(self, process: asyncio.subprocess.Process, limits: WorkerLimits) -> None:
        self._process = process
        self._limits = limits
        self._number = 0

    @property
    def pid(self) -> int:
        """Of the template; what it has forked is in its process group."""
        return self._process.pid

    async def ready(self) -> None:
        """Wait until it can take a job. Raises WorkerDied."""
        try:
            async with asyncio.timeout(self._limits.start_s):
                while "ready" not in await self._event():
                    pass
        except TimeoutError:
            raise WorkerDied("it does not start") from None

    async def do(self, job: Sorting) -> None:
        """Have the job done, as far as it goes; a step that stalls costs the fork that took it.

        Raises WorkerDied where there is no worker left. The job has ended in any case.
        """
        self._number += 1
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(job.request(self._number))
            await self._listen(job)
        except TimeoutError:
            job.end("stopped")
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGUSR1)
            await self.ready()
        finally:
            job.end("stopped")

    async def _listen(self, job: Sorting) -> None:
        """Until the job has ended. Raises TimeoutError where nothing is heard for too long."""
        now = asyncio.get_running_loop().time
        async with asyncio.timeout(self._limits.silence_s) as patience:
            while True:
                event = await self._event()
                if "ready" in event:
                    return  # its fork has died: of a limit on time or memory, or of its stack
                if event["job"] != self._number:
                    continue
                patience.reschedule(now() + self._limits.silence_s)
                job.hear(event)
                if "done" in event:
                    job.end("done")
                    return

    async def _event(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        try:
            event: dict[str, Any] = json.loads(await self._process.stdout.readline())
        except ValueError:  # nothing, or half a line
            raise WorkerDied("its output has ended") from None
        return event


@contextlib.asynccontextmanager
async def running(limits: WorkerLimits) -> AsyncIterator[Worker]:
    """A worker for as long as the block lasts; when it is left, nothing of it is.

    Raises OSError where no process can be started.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # a `sympy.py` in the working directory is not what is meant
        "-m",
        _TEMPLATE,
        str(os.getpid()),
        json.dumps(asdict(limits)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield Worker(process, limits)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DYING_S):
                await _last_gone(process)


async def _last_gone(process: asyncio.subprocess.Process) -> None:
    """Until its fork, killed with it, has gone too: it closes its files first, and then ends."""
    if process.stdout is not None:
        await process.stdout.read()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        while True:
            os.killpg(process.pid, 0)
            await asyncio.sleep(DYING_STEP_S)
