"""One measurement, and what a series of them comes to."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.overhead.load import PATH
from benchmarks.targets import Running

SETTLING_S = 40.0
WRK_SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True)
class Scenario:
    """How many connections ask for what."""

    connections: int
    stream: bool

    @property
    def name(self) -> str:
        return f"{'stream' if self.stream else 'unary'}, {self.connections} conn."


@dataclass(frozen=True)
class Figures:
    requests_per_s: float
    p50_ms: float
    p99_ms: float
    failed: int
    cpu_us: float | None
    """CPU time of the target per request, microseconds, of all its processes; None where nothing
    was answered."""


@dataclass(frozen=True)
class Spread:
    """A median with its extremes."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, given: Iterable[float | None]) -> "Spread":
        """Of what there is; zeros where there is nothing."""
        values = [value for value in given if value is not None] or [0.0]
        return cls(statistics.median(values), min(values), max(values))


def measure(
    target: Running, scenario: Scenario, seconds: float, *, wrk: str | None, bodies: Path
) -> Figures:
    """Load one target for `seconds`. `bodies` is a folder with the request bodies, for wrk.
    Returns when the target is idle again, so that it takes nothing from the next one.
    """
    before = target.cpu_seconds()
    if wrk is not None:
        said = _wrk(wrk, target, scenario, seconds, bodies)
    else:
        said = _own(target, scenario, seconds)
    cpu = target.cpu_seconds() - before
    answered = said.get("answered", said["requests_per_s"] * seconds)
    _settle(target)
    return Figures(
        requests_per_s=said["requests_per_s"],
        p50_ms=said["p50_ms"],
        p99_ms=said["p99_ms"],
        failed=int(said["failed"]),
        cpu_us=1e6 * cpu / answered if answered else None,
    )


def _settle(target: Running) -> None:
    """Wait until a target has dealt with what its measurement has left it."""
    until = time.monotonic() + SETTLING_S
    busy = target.cpu_seconds()
    while time.monotonic() < until:
        time.sleep(0.25)
        was, busy = busy, target.cpu_seconds()
        if busy - was < 0.025:
            return


def _wrk(
    wrk: str, target: Running, scenario: Scenario, seconds: float, bodies: Path
) -> dict[str, float]:
    body = bodies / ("stream.json" if scenario.stream else "unary.json")
    load = (f"-c{scenario.connections}", f"-d{max(1, round(seconds))}s", "--timeout", "20s")
    ran = subprocess.run(
        [wrk, "-t1", *load, "-s", str(WRK_SCRIPT), target.url + PATH],
        env={**os.environ, "QUORATE_BENCH_BODY": str(body)},
        capture_output=True,
        text=True,
        check=True,
    )
    return _last_line(ran.stdout)


def _own(target: Running, scenario: Scenario, seconds: float) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.overhead.load", "--url", target.url,
               "--connections", str(scenario.connections), "--seconds", str(seconds)]  # fmt: skip
    if scenario.stream:
        command.append("--stream")
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return _last_line(ran.stdout)


def _last_line(output: str) -> dict[str, float]:
    figures: dict[str, float] = json.loads(output.strip().splitlines()[-1])
    return figures
