"""Running one cell: a system under a load, its requests sent by a process of their own."""

import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from benchmarks.deadline.arrivals import Arrival
from benchmarks.deadline.generator import Ask, ClosedLoop, Outcome
from benchmarks.deadline.questions import Asked, Questions
from benchmarks.deadline.systems import System

DRAINED_WITHIN_S = 60.0
GENERATED = "generation_tokens_total"


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the systems are: an engine, and Quorate in front of it. What they are asked.

    `saturated_by`: so many requests at once keep the engine as busy as it can be.
    `counts_after_s`: with what delay it brings its counters up to date.
    """

    name: str
    engine_url: str
    gateway_url: str
    questions: Questions
    saturated_by: int
    counts_after_s: float


@dataclass(frozen=True, slots=True)
class Served:
    """One request of a cell, with what came of it."""

    arrival: Arrival
    asked: Asked
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Ran:
    """A cell. `generated` counts all tokens the engine drew for it, whoever got them.

    `late_steps`: the share of a simulated engine's steps that took longer than they should.
    """

    served: tuple[Served, ...]
    generated: int
    late_steps: float


def run(
    stand: Stand, system: System, arrivals: Sequence[Arrival], closed: ClosedLoop | None = None
) -> Ran:
    """Serve the arrivals, and wait until the engine has no work left. It has none before."""
    before = counters(stand.engine_url)
    served = serve(stand, system, arrivals, closed)
    after = settled(stand.engine_url, stand.counts_after_s)
    grown = {name: count - before.get(name, 0.0) for name, count in after.items()}
    steps = grown.get("simulated_steps_total", 0.0)
    late = grown.get("simulated_late_steps_total", 0.0)
    return Ran(served, int(grown[GENERATED]), late / steps if steps else 0.0)


def serve(
    stand: Stand, system: System, arrivals: Sequence[Arrival], closed: ClosedLoop | None = None
) -> tuple[Served, ...]:
    """Send the arrivals as the system's client would."""
    asked = [stand.questions(arrival.question) for arrival in arrivals]
    asks = [system.ask(a, q.body) for a, q in zip(arrivals, asked, strict=True)]
    url = stand.gateway_url if system.at == "gateway" else stand.engine_url
    return tuple(map(Served, arrivals, asked, send(url, asks, closed)))


def send(url: str, asks: Sequence[Ask], closed: ClosedLoop | None = None) -> list[Outcome]:
    """Have the generator send the requests. Raises CalledProcessError where it fails."""
    sending = begin(url, asks, closed)
    told, _ = sending.communicate()
    if sending.returncode:
        raise subprocess.CalledProcessError(sending.returncode, sending.args)
    return [Outcome(**outcome) for outcome in json.loads(told)]


def begin(
    url: str, asks: Sequence[Ask], closed: ClosedLoop | None = None
) -> "subprocess.Popen[str]":
    """Start a generator; what it writes at its end are the outcomes, as JSON."""
    plan = {
        "url": url,
        "asks": [asdict(ask) for ask in asks],
        "closed": asdict(closed) if closed else None,
    }
    with tempfile.TemporaryFile("w+") as planned:
        json.dump(plan, planned)
        planned.seek(0)
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks.deadline.generator"],
            stdin=planned,
            stdout=subprocess.PIPE,
            text=True,
        )


def settled(engine_url: str, after_s: float) -> dict[str, float]:
    """The engine's counters, once nothing runs and they stand still."""
    give_up_at = time.monotonic() + DRAINED_WITHIN_S
    last = -1.0
    while time.monotonic() < give_up_at:
        counts = counters(engine_url)
        idle = not counts["num_requests_running"] + counts["num_requests_waiting"]
        if idle and counts[GENERATED] == last:
            return counts
        last = counts[GENERATED]
        time.sleep(after_s)
    raise RuntimeError("the engine goes on generating")


def counters(engine_url: str) -> dict[str, float]:
    """vLLM's metrics by name, summed over their labels."""
    with urllib.request.urlopen(f"{engine_url}/metrics", timeout=10) as response:
        text = response.read().decode()
    counts: dict[str, float] = {}
    for name, value in re.findall(r"^(?:vllm:)?(\w+)\{[^}]*\} (\S+)$", text, re.MULTILINE):
        counts[name] = counts.get(name, 0.0) + float(value)
    return counts
