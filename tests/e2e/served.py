"""Starting, watching and ending a real `quorate serve` from a test."""

import contextlib
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Served:
    """A `quorate serve` process. `log` is what it wrote."""

    process: "subprocess.Popen[bytes]"
    base_url: str
    log: Path
    started_at: float

    def wait_until_ready(self, seconds: float) -> float:
        """Until `/ready` says so. Returns the seconds since the start."""
        self.wait_for(lambda: self.get("/ready") == 200, seconds, "the server to be ready")
        return time.monotonic() - self.started_at

    def wait_for(self, condition: Callable[[], object], seconds: float, what: str) -> None:
        """Poll until `condition` holds; fails with the log's end where it does not."""
        give_up_at = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None:
                raise AssertionError(f"`quorate serve` has ended.\n{self.tail()}")
            if time.monotonic() > give_up_at:
                raise AssertionError(f"waited {seconds:g} s for {what}.\n{self.tail()}")
            time.sleep(POLL_S)

    def get(self, path: str) -> int | None:
        """The status of a GET; None where there is no answer."""
        try:
            return httpx.get(self.base_url + path, timeout=10).status_code
        except httpx.TransportError:
            return None

    def chat(self, **fields: object) -> httpx.Response:
        """One small chat completion."""
        question = {"role": "user", "content": "What is 1 + 2?"}
        body = {"model": "abacus", "messages": [question], "max_tokens": 8, **fields}
        return httpx.post(self.base_url + "/v1/chat/completions", json=body, timeout=30)

    def engine_url(self) -> str:
        """Of the engine it started last."""
        return str(re.findall(r"starting at (http://\S+), pid", self.log.read_text())[-1])

    def engine_group(self) -> int:
        """The process group of the engine it started last."""
        return int(re.findall(r"starting at \S+, pid (\d+)", self.log.read_text())[-1])

    def terminate(self, seconds: float = 15) -> list[str]:
        """Ask it to end. Returns what is left of its engine 5 s after that, which is nothing."""
        group = self.engine_group()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(seconds)
        return left_of(group, seconds=5)

    def tail(self) -> str:
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-40:])


@contextlib.contextmanager
def serving(folder: Path, *args: str) -> Iterator[Served]:
    """A `quorate serve` on a free port of the loopback interface, with its log in `folder`."""
    port = free_port()
    log = folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from quorate_server.cli.entry import main; main()",
                "serve",
                *("--port", str(port), "--log-level", "debug", *args),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Served(process, f"http://127.0.0.1:{port}", log, time.monotonic())
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def group_members(group: int) -> dict[int, str]:
    """The living processes of a process group: pid and name."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, _, fields = (folder / "stat").read_text().rpartition(")")
        except OSError:  # it ended meanwhile
            continue
        state, _parent, member_of, *_ = fields.split()
        if int(member_of) == group and state != "Z":
            found[int(folder.name)] = name.partition("(")[2]
    return found


def left_of(group: int, *, seconds: float) -> list[str]:
    """What still lives of a process group after at most this time: names, none when it is gone."""
    give_up_at = time.monotonic() + seconds
    while (left := group_members(group)) and time.monotonic() < give_up_at:
        time.sleep(POLL_S)
    return list(left.values())
