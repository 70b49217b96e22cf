"""A thousand questions at once to a server that fails in every way: is each over by its deadline?

    python -m benchmarks.sdk [--calls 1000] [--deadline 1] [--seed 0] [--rounds 3] [--json FILE]

The server, a process of its own, stalls, drops and resets connections, drips bytes, floods, talks
nonsense, and answers one request in seven (`tests/sdk/faults/mistreating.py` lists it all). The
client has one process on the cores it shares with it. A call's time is what its caller waited; the
longest of all rounds counts. `ask_many` is one wait, for all of them. The last row is OpenAI's
client with the same `timeout=`, given up on after ten deadlines.
"""

import argparse
import asyncio
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionUserMessageParam
from rich.console import Console
from rich.table import Table
from typing_extensions import Unpack

from benchmarks.figures import write_json
from quorate import Answer, AsyncQuorate, Quorate, Wishes, deadline
from tests.sdk.faults.facing import process
from tests.sdk.faults.wire import MODEL

QUESTION = "What is 2+2?"
GRACE_S = 0.05
PATIENCE = 10
"""Deadlines that a client without one is given."""


@dataclass
class Storm:
    """Calls side by side: what came of each, and how long its caller waited (s)."""

    outcomes: Counter[str] = field(default_factory=Counter)
    elapsed_s: list[float] = field(default_factory=list)

    def note(self, outcome: object, began_at: float) -> None:
        self.elapsed_s.append(time.perf_counter() - began_at)
        self.outcomes[named(outcome)] += 1

    def add(self, other: "Storm") -> None:
        self.outcomes += other.outcomes
        self.elapsed_s += other.elapsed_s

    def quantile_s(self, share: float) -> float:
        ordered = sorted(self.elapsed_s)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


@dataclass(frozen=True)
class Row:
    """One way to ask, over all rounds."""

    way: str
    calls: int
    p50_s: float
    p99_s: float
    max_s: float
    late: int
    """Callers that waited for more than the deadline and 50 ms."""
    outcomes: Mapping[str, int]

    @classmethod
    def of(cls, way: str, storm: Storm, deadline_s: float) -> "Row":
        return cls(
            way,
            calls=storm.outcomes.total(),
            p50_s=storm.quantile_s(0.5),
            p99_s=storm.quantile_s(0.99),
            max_s=storm.quantile_s(1.0),
            late=sum(each > deadline_s + GRACE_S for each in storm.elapsed_s),
            outcomes=dict(storm.outcomes.most_common()),
        )


def named(outcome: object) -> str:
    """What came of a call, in a word."""
    if isinstance(outcome, Answer):
        return "partial answer" if outcome.partial else "answer"
    return type(outcome).__name__


def in_a_loop(url: str, calls: int, deadline_s: float) -> Storm:
    """`AsyncQuorate.ask`, all in one event loop."""
    return asyncio.run(_asked(url, calls, deadline=deadline_s))


def in_part(url: str, calls: int, deadline_s: float) -> Storm:
    """Likewise, streamed: the votes that have come are good enough when time is up."""
    return asyncio.run(_asked(url, calls, deadline=deadline_s, on_expiry="partial"))


async def _asked(url: str, calls: int, **wishes: Unpack[Wishes]) -> Storm:
    storm = Storm()

    async def ask() -> None:
        began_at = time.perf_counter()
        try:
            outcome: object = await client.ask(QUESTION, **wishes)
        except Exception as error:
            outcome = error
        storm.note(outcome, began_at)

    async with AsyncQuorate(base_url=url, model=MODEL) as client:
        await asyncio.gather(*(ask() for _ in range(calls)))
    return storm


def in_threads(url: str, calls: int, deadline_s: float) -> Storm:
    """`Quorate.ask`, each call in a thread of its own."""
    storm = Storm()

    def ask() -> None:
        began_at = time.perf_counter()
        try:
            outcome: object = client.ask(QUESTION, deadline=deadline_s)
        except Exception as error:
            outcome = error
        storm.note(outcome, began_at)

    with Quorate(base_url=url, model=MODEL) as client:
        callers = [threading.Thread(target=ask) for _ in range(calls)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    return storm


def in_a_batch(url: str, calls: int, deadline_s: float) -> Storm:
    """`Quorate.ask_many`, all at once under one deadline: one wait, for the whole batch."""
    storm = Storm()
    with Quorate(base_url=url, model=MODEL) as client:
        began_at = time.perf_counter()
        with deadline(deadline_s):
            for outcome in client.ask_many([QUESTION] * calls, concurrency=calls):
                storm.outcomes[named(outcome)] += 1
        storm.elapsed_s.append(time.perf_counter() - began_at)
    return storm


def by_openai(url: str, calls: int, deadline_s: float) -> Storm:
    """OpenAI's own client, with its own timeout."""
    return asyncio.run(_stock(url, calls, deadline_s))


async def _stock(url: str, calls: int, deadline_s: float) -> Storm:
    storm = Storm()
    messages: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": QUESTION}]

    async def ask() -> None:
        began_at = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE * deadline_s):
                outcome: object = await client.chat.completions.create(
                    model=MODEL, messages=messages
                )
        except Exception as error:
            outcome = error
        storm.note(outcome, began_at)

    async with AsyncOpenAI(base_url=url, api_key="none", timeout=deadline_s) as client:
        await asyncio.gather(*(ask() for _ in range(calls)))
    return storm


WAYS: Mapping[str, Callable[[str, int, float], Storm]] = {
    "async ask": in_a_loop,
    "async ask, partial": in_part,
    "ask, a thread each": in_threads,
    "ask_many": in_a_batch,
    "openai alone": by_openai,
}
"""The ways to ask, by the name of their row."""


def show(rows: Sequence[Row], options: argparse.Namespace) -> None:
    title = (
        f"{options.calls} questions at once, {options.rounds} rounds: each is to be over within "
        f"{options.deadline + GRACE_S:g} s"
    )
    table = Table(title=title, title_justify="left")
    for column in ("", "p50 s", "p99 s", "max s", "late"):
        table.add_column(column, justify="right" if column else "left")
    table.add_column("what came of it")
    for row in rows:
        shares = ", ".join(f"{n / row.calls:.1%} {name}" for name, n in row.outcomes.items())
        times = (f"{each:.3f}" for each in (row.p50_s, row.p99_s, row.max_s))
        table.add_row(row.way, *times, str(row.late), shares)
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.sdk", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--deadline", type=float, default=1.0, help="seconds a call")
    parser.add_argument("--seed", type=int, default=0, help="of the faults")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rows = []
    for way, storm in WAYS.items():
        waited = Storm()
        for seed in range(options.seed, options.seed + options.rounds):
            with process("--seed", str(seed)) as url:
                waited.add(storm(url, options.calls, options.deadline))
        rows.append(Row.of(way, waited, options.deadline))
    show(rows, options)
    write_json(
        options.json,
        "sdk",
        rows,
        calls=options.calls,
        deadline_s=options.deadline,
        rounds=options.rounds,
    )


if __name__ == "__main__":
    main()
