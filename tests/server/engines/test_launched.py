import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from quorate_sampling.closers import Closing
from quorate_server.engines.backoff import Backoff
from quorate_server.engines.families import UNKNOWN, Family
from quorate_server.engines.launch import EngineCommand
from quorate_server.engines.launched import LaunchedEngine, Patience
from quorate_server.errors import EngineError, EngineUnavailable, StartupError
from quorate_server.http1 import HttpOrigin

FAKE = str(Path(__file__).with_name("fake_engine.py"))
QUICK = Patience(ready_s=20, poll_s=0.02, check_every_s=0.05, health_s=0.2, hung_s=0.3)
CLOSING = Closing("f", "</t>", "\n</t>\n")


class Watched:
    """A launched fake, the phases it went through, and each time it became ready."""

    def __init__(self, *modes: str, patience: Patience = QUICK, family: Family = UNKNOWN) -> None:
        self.phases: list[str] = []
        self.starts = 0
        self._ready = asyncio.Event()

        def command(port: int) -> EngineCommand:
            return EngineCommand((sys.executable, FAKE, str(port), *modes), os.environ)

        def ready(_: Any) -> None:
            self.starts += 1
            self._ready.set()

        self.engine = LaunchedEngine(
            "fake",
            model_ids=("fake",),
            family=family,
            command=command,
            connect_to=HttpOrigin,
            on_phase=self.phases.append,
            on_ready=ready,
            patience=patience,
            backoff=Backoff(first_s=0.01),
        )
        self.replica = self.engine.replica

    def is_ready(self) -> bool:
        return self.replica.ready

    async def next_start(self) -> None:
        async with asyncio.timeout(20):
            await self._ready.wait()
        self._ready.clear()

    async def get(self, path: str) -> None:
        async with httpx.AsyncClient() as client:
            try:
                await client.get(self.replica.upstream.base_url + path, timeout=1)
            except httpx.TransportError:
                return


async def test_a_start_ends_with_a_replica_that_is_ready_and_probed() -> None:
    watched = Watched(family=Family("f", None, CLOSING))
    assert not watched.is_ready()
    task = asyncio.create_task(watched.engine.run())
    await watched.next_start()
    assert watched.is_ready()
    assert watched.replica.abort_by_id
    assert watched.replica.max_model_len == 512
    assert watched.replica.engine.abilities.token_ids
    assert watched.replica.engine.closing == CLOSING
    assert watched.phases[0] == "starting vLLM"
    assert "loading the weights" in watched.phases
    await stop(watched, task)
    assert not watched.is_ready()


async def test_a_crashed_engine_is_started_again() -> None:
    watched = Watched()
    task = asyncio.create_task(watched.engine.run())
    await watched.next_start()
    before = watched.replica.upstream.base_url
    await watched.get("/crash")
    await watched.next_start()
    assert watched.starts == 2
    assert watched.is_ready()
    assert watched.replica.upstream.base_url == before
    await stop(watched, task)


async def test_an_engine_that_hangs_is_killed_and_started_again() -> None:
    watched = Watched()
    task = asyncio.create_task(watched.engine.run())
    await watched.next_start()
    before = watched.replica.upstream
    await watched.get("/hang")
    under_way = asyncio.create_task(before.send("GET", "/health"))
    await watched.next_start()
    assert watched.starts == 2
    assert watched.replica.upstream is not before
    assert under_way.done()
    with pytest.raises(EngineError):
        await under_way
    with pytest.raises(EngineUnavailable, match="closed"):
        await before.send("GET", "/health")
    await stop(watched, task)


async def test_a_first_start_that_fails_says_why() -> None:
    watched = Watched("once", "/")
    with pytest.raises(StartupError) as failure:
        await watched.engine.run()
    assert "RuntimeError: only once" in failure.value.log_lines


async def test_a_later_start_that_fails_is_tried_again(tmp_path: Path) -> None:
    mark = tmp_path / "started"
    watched = Watched("once", str(mark))
    task = asyncio.create_task(watched.engine.run())
    await watched.next_start()
    await watched.get("/crash")
    async with asyncio.timeout(20):
        while "starting vLLM" not in watched.phases[3:]:  # noqa: ASYNC110  # a list has no event
            await asyncio.sleep(0.02)
    assert not watched.is_ready()
    mark.unlink()
    await watched.next_start()
    assert watched.is_ready()
    await stop(watched, task)


async def test_a_start_that_takes_too_long_is_given_up() -> None:
    watched = Watched(patience=Patience(ready_s=0.05, poll_s=0.01))
    with pytest.raises(StartupError, match=r"not ready within 0\.05 s"):
        await watched.engine.run()


async def stop(watched: Watched, task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait([task])
    assert watched.engine.pid is None
    await watched.replica.upstream.aclose()
