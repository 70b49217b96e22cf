"""What voting buys on the bundled reasoner: accuracy by level for 1, 4 and 16 samples.

    python -m benchmarks.accuracy [--questions 40] [--url URL] [--json FILE]

Through the server, as a client sees it: `n = 1` without consensus, then groups of 4 and 16 with no
early stop, then the default early stop. Tokens and wall time are a question's, with eight
questions at once.
"""

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.figures import wilson, write_json
from benchmarks.real_engine import vllm
from benchmarks.targets import quorate, running
from quorate_verifiers import extract
from training.abacus.levels import LEVELS
from training.abacus.problems import Problem, problem

AT_ONCE = 8
MODES: dict[str, Any] = {
    "1 sample": None,
    "4 samples": {"max_samples": 4, "min_samples": 4, "early_stop": "none"},
    "16 samples": {"max_samples": 16, "min_samples": 16, "early_stop": "none"},
    "auto, up to 16": {"max_samples": 16},
}


@dataclass(frozen=True)
class Row:
    """One level under one mode. `low` and `high`: 95 % interval of the accuracy."""

    level: int
    mode: str
    questions: int
    accuracy: float
    low: float
    high: float
    agreement: float | None
    tokens: float
    samples: float
    seconds: float


@dataclass(frozen=True)
class _Asked:
    right: bool
    agreement: float | None
    tokens: int
    samples: int
    seconds: float


async def ask(client: httpx.AsyncClient, asked: Problem, consensus: Any) -> _Asked:
    """One question under one mode."""
    body: dict[str, Any] = {
        "model": "abacus",
        "messages": [{"role": "user", "content": asked.question}],
        "max_tokens": 2048,
    }
    if consensus is not None:
        body["consensus"] = consensus
    began_at = time.perf_counter()
    response = (await client.post("/v1/chat/completions", json=body)).raise_for_status().json()
    seconds = time.perf_counter() - began_at
    group = response.get("consensus")
    tokens = response["usage"]["completion_tokens"]
    if group is None:
        answer = extract(response["choices"][0]["message"]["content"] or "", "number")
        right = answer is not None and answer.key == _key(asked)
        return _Asked(right, None, tokens, 1, seconds)
    right = group["answer"] is not None and _parsed(group["answer"]) == _key(asked)
    started = group["sample_counts"]["started"]
    return _Asked(right, group["agreement"], tokens, started, seconds)


def _parsed(text: str) -> str | None:
    answer = extract(text, "number")
    return answer.key if answer is not None else None


def _key(asked: Problem) -> str | None:
    return _parsed(str(asked.answer))


async def measure(url: str, questions: int, tell: Callable[[str], None]) -> list[Row]:
    """Every level under every mode, the same questions for each."""
    rows = []
    limit = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=url, timeout=300) as client:

        async def limited(asked: Problem, consensus: Any) -> _Asked:
            async with limit:
                return await ask(client, asked, consensus)

        for level in LEVELS:
            tell(f"level {level} …")
            rng = random.Random(f"accuracy {level}")
            problems = [problem(level, rng) for _ in range(questions)]
            for mode, consensus in MODES.items():
                asked = await asyncio.gather(*(limited(p, consensus) for p in problems))
                rows.append(_row(level, mode, asked))
    return rows


def _row(level: int, mode: str, asked: list[_Asked]) -> Row:
    right = sum(a.right for a in asked)
    low, high = wilson(right, len(asked))
    agreements = [a.agreement for a in asked if a.agreement is not None]
    return Row(
        level=level,
        mode=mode,
        questions=len(asked),
        accuracy=right / len(asked),
        low=low,
        high=high,
        agreement=statistics.fmean(agreements) if agreements else None,
        tokens=statistics.fmean(a.tokens for a in asked),
        samples=statistics.fmean(a.samples for a in asked),
        seconds=statistics.median(a.seconds for a in asked),
    )


def table(rows: list[Row]) -> Table:
    """A line a level, a block a mode."""
    shown = Table(title="Accuracy by level, through the server", title_justify="left")
    shown.add_column("level", justify="right")
    for mode in MODES:
        shown.add_column(mode, justify="right")
    shown.add_column("tokens, in the same order", justify="right")
    shown.add_column("median s", justify="right")
    for level in LEVELS:
        mine = [row for row in rows if row.level == level]
        accuracies = [f"{r.accuracy:.0%} [{r.low:.0%}–{r.high:.0%}]" for r in mine]
        shown.add_row(
            str(level),
            *accuracies,
            " / ".join(f"{r.tokens:.0f}" for r in mine),
            " / ".join(f"{r.seconds:.2f}" for r in mine),
        )
    means = [statistics.fmean(r.accuracy for r in rows if r.mode == mode) for mode in MODES]
    spent = [statistics.fmean(r.tokens for r in rows if r.mode == mode) for mode in MODES]
    shown.add_section()
    tokens = " / ".join(f"{t:.0f}" for t in spent)
    shown.add_row("mean", *(f"{m:.1%}" for m in means), tokens, "")
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.accuracy", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--questions", type=int, default=40, help="a level")
    parser.add_argument("--url", help="a running server of abacus; else one is started")
    options = parser.parse_args()
    console = Console(stderr=True)

    def tell(text: str) -> None:
        console.print(text, style="dim")

    with ExitStack() as stack:
        url = options.url
        if url is None:
            tell("starting vLLM …")
            engine = stack.enter_context(running(vllm()))
            url = stack.enter_context(running(quorate(), engine.url)).url
        rows = asyncio.run(measure(url, options.questions, tell))
    Console(width=None if sys.stdout.isatty() else 150).print(table(rows))
    write_json(options.json, "accuracy", rows, questions=options.questions, at_once=AT_ONCE)


if __name__ == "__main__":
    main()
