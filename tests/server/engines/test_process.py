"""The process, its keeper (`child.py`) and all that they start: nothing stays behind."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from quorate_server.engines import process as process_module
from quorate_server.engines.launch import EngineCommand, free_port
from quorate_server.engines.process import running

FAKE = str(Path(__file__).with_name("fake_engine.py"))
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def fake(*modes: str) -> EngineCommand:
    return EngineCommand((sys.executable, FAKE, str(free_port()), *modes), os.environ)


class Lines:
    """What the engine wrote, and when a word came."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._new = asyncio.Event()

    def __call__(self, line: str) -> None:
        self.all.append(line)
        self._new.set()

    async def pid_of(self, name: str) -> int:
        """The pid that it announced as `name PID`."""
        async with asyncio.timeout(20):
            while True:
                for line in self.all:
                    if line.startswith(name + " "):
                        return int(line.split()[1])
                self._new.clear()
                await self._new.wait()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def session_niceness(pid: int) -> int | None:
    """None where the kernel does not group processes by session."""
    try:
        return int(Path(f"/proc/{pid}/autogroup").read_text().split()[-1])
    except OSError:
        return None


async def eventually(condition: Callable[[], bool], seconds: float = 5) -> bool:
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + seconds
    while not condition() and loop.time() < give_up_at:  # noqa: ASYNC110  # other processes' doing
        await asyncio.sleep(0.02)
    return condition()


async def test_leaving_the_block_ends_the_engine_and_its_helpers() -> None:
    lines = Lines()
    async with running(fake("helper"), lines) as process:
        engine, helper = await lines.pid_of("engine"), await lines.pid_of("helper")
        assert alive(engine)
        assert alive(helper)
    assert not alive(engine)
    assert not alive(helper), "it ignores SIGTERM and has left the process group"
    assert process.gone.is_set()


async def test_a_stubborn_engine_is_killed_after_the_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_module, "STOP_GRACE_S", 0.2)
    lines = Lines()
    async with running(fake("stubborn"), lines) as process:
        engine = await lines.pid_of("engine")
    assert not alive(engine)
    assert process.exit_code == 128 + signal.SIGKILL


async def test_a_crash_is_seen_and_takes_the_helpers_along() -> None:
    lines = Lines()
    async with running(fake("helper"), lines) as process:
        engine, helper = await lines.pid_of("engine"), await lines.pid_of("helper")
        os.kill(engine, signal.SIGKILL)
        async with asyncio.timeout(5):
            await process.down.wait()
            await process.gone.wait()
        assert process.exit_code == 128 + signal.SIGKILL
        assert not alive(helper)


async def test_the_log_is_kept_to_its_last_lines_and_tells_the_status() -> None:
    script = "print('\\r'.join(map(str, range(1000)))); print('x' * 99_999); raise SystemExit(7)"
    async with running(EngineCommand((sys.executable, "-c", script), os.environ)) as process:
        await process.gone.wait()
    assert process.exit_code == 7
    assert len(process.log) == process_module.KEPT_LINES
    assert process.log[-2] == "999"
    assert len(process.log[-1]) == process_module.MAX_LINE_CHARACTERS


async def test_a_command_that_does_not_exist_ends_with_a_word() -> None:
    async with running(EngineCommand(("/no/such/program",), os.environ)) as process:
        await process.gone.wait()
    assert process.exit_code == 127
    assert "/no/such/program" in process.log[-1]


async def test_an_engine_yields_as_much_as_it_is_told() -> None:
    argv = fake().argv
    lines = Lines()
    async with running(EngineCommand(argv, os.environ, niceness=7), lines):
        engine = await lines.pid_of("engine")
        assert os.getpriority(os.PRIO_PROCESS, engine) == os.getpriority(os.PRIO_PROCESS, 0) + 7
        assert session_niceness(engine) in (7, None)


GATEWAY = """
    import asyncio, os, sys
    from quorate_server.engines.launch import EngineCommand
    from quorate_server.engines.process import running

    async def main():
        command = EngineCommand(tuple(sys.argv[1:]), os.environ)
        async with running(command, lambda line: print(line, flush=True)) as process:
            print("keeper", process.pid, flush=True)
            await asyncio.Event().wait()

    asyncio.run(main())
"""


@pytest.mark.parametrize("mode", ["helper", "stubborn"])
async def test_no_engine_outlives_a_gateway_that_was_killed(mode: str) -> None:
    gateway = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", textwrap.dedent(GATEWAY), *fake(mode).argv),
        stdout=subprocess.PIPE,
    )
    assert gateway.stdout is not None
    lines = Lines()
    pids: dict[str, int] = {}
    async with asyncio.timeout(20):
        while {"keeper", "engine", *({"helper"} & {mode})} - pids.keys():
            lines((await gateway.stdout.readline()).decode().strip())
            name, _, pid = lines.all[-1].partition(" ")
            if pid.isdigit():
                pids[name] = int(pid)
    gateway.kill()
    await gateway.wait()
    assert await eventually(lambda: not any(map(alive, pids.values()))), pids
    await gateway.stdout.read()


async def test_no_engine_outlives_a_killed_keeper() -> None:
    lines = Lines()
    async with running(fake(), lines) as process:
        engine = await lines.pid_of("engine")
        os.kill(process.pid, signal.SIGKILL)
        async with asyncio.timeout(5):
            await process.down.wait()
        assert await eventually(lambda: not alive(engine))
