"""How long a start takes, and how much memory the gateway holds.

    python -m benchmarks.startup [--runs 5] [--engine-runs 2] [--json FILE]

The gateway alone, attached to an engine that is not there: from the process's start to the first
answer of /health, and its resident memory then. `quorate serve` with the bundled model on a real
vLLM: from the start of the process to /ready.
"""

import argparse
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Estimate, write_json

GIVE_UP_S = 300.0
QUORATE = str(Path(sys.executable).with_name("quorate"))


@dataclass(frozen=True)
class Row:
    """One thing measured, over several starts."""

    what: str
    figure: Estimate
    unit: str
    target: float


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[int, int, float]]:
    """`quorate serve` with these arguments: its pid, its port, when it was started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    began_at = time.perf_counter()
    command = [QUORATE, "serve", "--port", str(port), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process.pid, port, began_at
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def until(port: int, path: str, began_at: float) -> float:
    """Seconds until a path answers 200."""
    while time.perf_counter() - began_at < GIVE_UP_S:
        try:
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5):
                return time.perf_counter() - began_at
        except URLError:
            time.sleep(0.02)
    raise TimeoutError(f"{path} did not answer within {GIVE_UP_S} s")


def resident_mb(pid: int) -> float:
    """Resident memory of a process, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.startup", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--runs", type=int, default=5, help="starts of the gateway alone")
    parser.add_argument("--engine-runs", type=int, default=2, help="starts with vLLM")
    options = parser.parse_args()
    seconds, memory, ready = [], [], []
    for _ in range(options.runs):
        with serving("--engine", "http://127.0.0.1:9") as (pid, port, began_at):
            seconds.append(until(port, "/health", began_at))
            memory.append(resident_mb(pid))
    for _ in range(options.engine_runs):
        with serving() as (_, port, began_at):
            ready.append(until(port, "/ready", began_at))
    rows = [
        Row("gateway alone, until /health answers", Estimate.of(seconds), "s", 1.5),
        Row("gateway alone, resident memory", Estimate.of(memory), "MB", 120),
    ]
    if ready:
        rows.append(Row("with vLLM and abacus, until /ready", Estimate.of(ready), "s", 45))
    table = Table(title="Start-up", title_justify="left")
    for column in ("", "median [95 %]", "", "target"):
        table.add_column(column)
    for row in rows:
        table.add_row(row.what, str(row.figure), row.unit, f"≤ {row.target:g}")
    Console(width=None if sys.stdout.isatty() else 100).print(table)
    write_json(options.json, "startup", rows)


if __name__ == "__main__":
    main()
