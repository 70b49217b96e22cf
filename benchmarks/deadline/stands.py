"""The two engines, each with Quorate in front of it."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from benchmarks.deadline.cells import Stand
from benchmarks.deadline.questions import LONG_LEVELS, chains, simulated
from benchmarks.targets import NotStarted
from quorate_server.engines.launch import free_port

STARTING_S = 180.0
POLL_S = 0.1
_ENGINE = re.compile(r"starting at (http://\S+), pid")


@contextmanager
def real() -> Iterator[Stand]:
    """vLLM on the bundled reasoner, started by `quorate serve`; its own port is the stock's."""
    with _log() as log, _quorate(log) as gateway_url:
        engine_url = _ENGINE.findall(log.read_text())[-1]
        yield Stand("vLLM on CPU, abacus", engine_url, gateway_url, chains(LONG_LEVELS), 128, 1.2)


@contextmanager
def simulated_gpu() -> Iterator[Stand]:
    """The simulated 7-B model on one GPU."""
    port = free_port()
    engine_url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "benchmarks.simulated.server", "--port", str(port)]
    with (
        _log() as log,
        _running(command, engine_url + "/health", log),
        _quorate(log, "--engine", engine_url) as gateway_url,
    ):
        yield Stand("simulated 7-B on one GPU", engine_url, gateway_url, simulated, 256, 0.1)


STANDS: dict[str, Callable[[], AbstractContextManager[Stand]]] = {
    "real": real,
    "simulated": simulated_gpu,
}


@contextmanager
def _quorate(log: Path, *args: str) -> Iterator[str]:
    port = free_port()
    quorate = str(Path(sys.executable).with_name("quorate"))
    url = f"http://127.0.0.1:{port}"
    with _running([quorate, "serve", "--port", str(port), *args], url + "/ready", log):
        yield url


@contextmanager
def _log() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "log"


@contextmanager
def _running(command: list[str], ready_url: str, log: Path) -> Iterator[None]:
    """A process, once `ready_url` answers 200; it is ended, with its children, at the end."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    try:
        until = time.monotonic() + STARTING_S
        while not _is_ready(ready_url):
            if process.poll() is not None or time.monotonic() > until:
                raise NotStarted(f"{command[1:4]} did not start: {log.read_text()[-2000:]}")
            time.sleep(POLL_S)
        yield
    finally:
        with suppress(ProcessLookupError):  # it had ended by itself
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False
