"""An engine that Quorate runs itself: started, watched, started again."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from quorate_sampling.engine import Abilities
from quorate_server.admission.admission import MAX_QUEUE
from quorate_server.admission.demand import UnderLoad
from quorate_server.engines.backoff import Backoff
from quorate_server.engines.connection import Health, connect
from quorate_server.engines.failures import explain
from quorate_server.engines.families import Family
from quorate_server.engines.launch import HOST, EngineCommand, free_port
from quorate_server.engines.phases import FIRST_PHASE, LAST_PHASE, phase_in
from quorate_server.engines.process import EngineProcess, running
from quorate_server.engines.replica import Replica
from quorate_server.engines.vllm import HttpEngine
from quorate_server.errors import EngineError, StartupError
from quorate_server.upstream import Upstream

OUR_OWN_LAG_S = 0.5
"""A check that took this much longer than allowed says nothing about the engine."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long things may take, in seconds."""

    ready_s: float = 3600.0
    """From the start of the process to the first answer; a download may be part of it."""
    poll_s: float = 0.2
    check_every_s: float = 5.0
    health_s: float = 5.0
    """How long one check waits for its answer."""
    hung_s: float = 30.0
    """A running engine that gives no sign of health for this long is killed."""
    healthy_s: float = 60.0
    """After this long a run counts as good, and a crash is answered at once again."""


class LaunchedEngine:
    """Runs an engine and keeps its replica in step with it.

    `command` makes the command line for a port, `connect_to` the upstream for a base URL;
    `capacity` is how many sequences it will run at once, where that is known; `max_queue` how many
    requests may wait for it, `under_load` what gives way when it is busy, `state_dir` where its
    pace is kept.
    """

    def __init__(
        self,
        name: str,
        *,
        model_ids: tuple[str, ...],
        family: Family,
        command: Callable[[int], EngineCommand],
        connect_to: Callable[[str], Upstream],
        capacity: int | None = None,
        max_queue: int = MAX_QUEUE,
        under_load: UnderLoad | None = None,
        state_dir: Path | None = None,
        on_phase: Callable[[str], None] = lambda _phase: None,
        on_ready: Callable[[Replica], None] = lambda _replica: None,
        patience: Patience | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._family = family
        self._command = command
        self._connect_to = connect_to
        self._on_phase = on_phase
        self._on_ready = on_ready
        self._patience = patience or Patience()
        self._backoff = backoff or Backoff()
        self._port = free_port()
        self._process: EngineProcess | None = None
        upstream = connect_to(self._base_url)
        self.replica = Replica(
            upstream,
            HttpEngine(upstream, name=name, abilities=Abilities(), closing=family.closing),
            model_ids,
            capacity=capacity,
            max_queue=max_queue,
            under_load=under_load,
            state_dir=state_dir,
            ready=False,
        )

    @property
    def pid(self) -> int | None:
        """Of the engine's keeper and process group, while it runs."""
        return self._process.pid if self._process is not None else None

    async def run(self) -> None:
        """Keep the engine running until cancelled.

        Raises StartupError where the first start fails: then nobody is served yet, and whoever
        started it is there to read why. Later failures are tried again, however often.
        """
        has_run = False
        while True:
            try:
                run_s = await self._run_once()
            except StartupError as failure:
                if not has_run:
                    raise
                logger.error("engine %s did not restart: %s", self.replica.engine.name, failure)  # noqa: TRY400
            else:
                has_run = True
                if run_s >= self._patience.healthy_s:
                    self._backoff.reset()
            delay_s = self._backoff.next_s()
            logger.warning("engine %s restarts in %.1f s", self.replica.engine.name, delay_s)
            await asyncio.sleep(delay_s)

    async def _run_once(self) -> float:
        """Start it and watch it until it is down. Returns the seconds it was up."""
        await self._take_port()
        self._on_phase(FIRST_PHASE)
        loop = asyncio.get_running_loop()
        try:
            async with running(self._command(self._port), self._hear) as process:
                self._process = process
                name = self.replica.engine.name
                logger.info("engine %s: starting at %s, pid %d", name, self._base_url, process.pid)
                await self._until_ready(process)
                self._on_ready(self.replica)
                up_at = loop.time()
                try:
                    await self._until_down(process)
                finally:
                    await self._take_down()
                return loop.time() - up_at
        finally:
            self._process = None

    async def _until_ready(self, process: EngineProcess) -> None:
        health = self._health()
        try:
            async with asyncio.timeout(self._patience.ready_s):
                while not await health.is_good():
                    if await _ends_within(self._patience.poll_s, process):
                        raise explain(process.log, process.exit_code)
                self._on_phase(LAST_PHASE)
                await connect(self.replica, closing=self._family.closing)
        except TimeoutError:
            raise StartupError(
                f"The engine was not ready within {self._patience.ready_s:g} s.",
                log_lines=tuple(process.log)[-3:],
            ) from None
        except EngineError as error:
            if await _ends_within(self._patience.poll_s, process):
                raise explain(process.log, process.exit_code) from error
            raise StartupError(f"The engine started but does not answer: {error}") from error

    async def _until_down(self, process: EngineProcess) -> None:
        """Until it has ended, or has given no sign of health for too long."""
        health = self._health()
        patience = self._patience
        loop = asyncio.get_running_loop()
        name = self.replica.engine.name
        silent_s = 0.0
        while not await _ends_within(patience.check_every_s, process):
            asked_at = loop.time()
            if await health.is_good():
                silent_s = 0.0
                continue
            waited_s = loop.time() - asked_at
            if waited_s > patience.health_s + OUR_OWN_LAG_S:
                continue  # it was this process that did not listen
            silent_s += patience.check_every_s + waited_s
            if silent_s >= patience.hung_s:
                logger.error("engine %s does not answer any more and is killed", name)
                process.kill()
                return
        failure = explain(process.log, process.exit_code)
        logger.error("engine %s went down: %s", name, failure.message)

    async def _take_port(self) -> None:
        """The same port as before, unless somebody has taken it meanwhile."""
        port = free_port(self._port)
        if port != self._port:
            self._port = port
            await self._take_down()

    async def _take_down(self) -> None:
        await self.replica.take_down(self._connect_to(self._base_url))

    @property
    def _base_url(self) -> str:
        return f"http://{HOST}:{self._port}"

    def _health(self) -> Health:
        upstream, headers = self.replica.upstream, self.replica.headers
        return Health(upstream, headers, timeout_s=self._patience.health_s)

    def _hear(self, line: str) -> None:
        phase = phase_in(line)
        if phase is not None and not self.replica.ready:
            self._on_phase(phase)


async def _ends_within(seconds: float, process: EngineProcess) -> bool:
    """Whether the process ends in this time; returns at once when it does."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await process.down.wait()
    return process.down.is_set()
