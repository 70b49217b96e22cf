"""Is the bundled reasoner's confidence right as often as it says? On fresh questions, live.

    python -m benchmarks.confidence_live [--questions 330] [--url URL] [--json FILE]

Through `quorate serve` and the profiles that ship with abacus, on questions of another seed than
those they were fitted to, the levels in turn. Beside the confidence stand plain agreement and the
Beta posterior that stop rules use. Confidence stated in words is missing: abacus states none.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.figures import write_json
from quorate_sampling.calibration.metrics import (
    BINS,
    Metrics,
    Predictions,
    log_losses,
    mean_of,
    metrics,
    squared_errors,
)
from quorate_sampling.replay.measures import Interval
from quorate_server.cli.local import local_server
from quorate_verifiers import extract
from training.abacus.labelled import LabelledQuestion, labelled

AT_ONCE = 8
SEED = 2
NEARLY = 1e-3
"""What is stated is held so far from 0 and 1: a single unlucky 1 has no log-loss else."""

MODES: Mapping[str, Mapping[str, Any]] = {
    "fast": {"consensus": {"preset": "fast"}},
    "balanced": {"consensus": True},
    "balanced, 3.5 s": {"consensus": True, "deadline_ms": 3500},
    "all of 16": {"consensus": {"max_samples": 16, "early_stop": "none"}},
    "min_confidence 0.9": {"consensus": {"max_samples": 40, "min_confidence": 0.9}},
}
STATED: Mapping[str, Callable[[Mapping[str, Any]], float | None]] = {
    "agreement": lambda consensus: consensus["agreement"],
    "Beta posterior": lambda consensus: consensus["debug"]["lead_stability"],
    "confidence": lambda consensus: consensus["confidence"],
}


@dataclass(frozen=True)
class Answered:
    """One question under one mode."""

    correct: bool
    consensus: Mapping[str, Any]
    tokens: int


@dataclass(frozen=True)
class Row:
    """What was stated under one mode, of the answers that a confidence was stated for.

    `brier_less_agreement` and `log_loss_less_agreement` are paired by question.
    """

    mode: str
    stated: str
    questions: int
    metrics: Metrics
    brier_less_agreement: Interval
    log_loss_less_agreement: Interval


@dataclass(frozen=True)
class Reached:
    """Of the answers that reached what was asked for: how many, what they said, what was right."""

    mode: str
    questions: int
    reached: int
    said: float
    right: Interval
    samples: float
    tokens: float


async def ask(
    client: httpx.AsyncClient, question: LabelledQuestion, fields: Mapping[str, Any]
) -> Answered:
    body = {
        "model": "abacus",
        "messages": [{"role": "user", "content": question.question}],
        "max_tokens": 2048,
        **fields,
    }
    response = (await client.post("/v1/chat/completions", json=body)).raise_for_status().json()
    consensus = response["consensus"]
    answer = extract(consensus["answer"] or "", "number")
    right = extract(question.expected, "number")
    correct = answer is not None and right is not None and answer.key == right.key
    return Answered(correct, consensus, response["usage"]["completion_tokens"])


async def ask_all(
    url: str, questions: Sequence[LabelledQuestion], tell: Callable[[str], None]
) -> Mapping[str, list[Answered]]:
    limit = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=url, timeout=600) as client:

        async def limited(question: LabelledQuestion, fields: Mapping[str, Any]) -> Answered:
            async with limit:
                return await ask(client, question, fields)

        answered = {}
        for mode, fields in MODES.items():
            tell(f"{mode} …")
            answered[mode] = await asyncio.gather(*(limited(q, fields) for q in questions))
        return answered


def rows_of(mode: str, answered: Sequence[Answered]) -> list[Row]:
    """A row for each thing that is stated, over the same answers."""
    known = [each for each in answered if each.consensus["confidence"] is not None]
    if not known:
        return []
    correct = np.array([each.correct for each in known], dtype=np.float64)
    numbers = np.arange(len(known))
    said = {name: _said(known, stated) for name, stated in STATED.items()}
    rows = []
    for name, values in said.items():
        brier = squared_errors(values, correct) - squared_errors(said["agreement"], correct)
        log_loss = log_losses(values, correct) - log_losses(said["agreement"], correct)
        scored = metrics(Predictions(values, correct, numbers, np.zeros_like(numbers)))
        paired = mean_of(brier, numbers), mean_of(log_loss, numbers)
        rows.append(Row(mode, name, len(known), scored, *paired))
    return rows


def _said(
    answered: Sequence[Answered], stated: Callable[[Mapping[str, Any]], float | None]
) -> "np.ndarray[Any, np.dtype[np.float64]]":
    values = np.array([stated(each.consensus) for each in answered], dtype=np.float64)
    return np.clip(values, NEARLY, 1 - NEARLY)


def reached(mode: str, answered: Sequence[Answered], minimum: float) -> Reached:
    met = [each for each in answered if (each.consensus["confidence"] or 0) >= minimum]
    correct = np.array([each.correct for each in met], dtype=np.float64)
    said = [each.consensus["confidence"] for each in met]
    return Reached(
        mode=mode,
        questions=len(answered),
        reached=len(met),
        said=float(np.mean(said)) if met else 0.0,
        right=mean_of(correct, np.arange(len(met))) if met else Interval(0, 0, 0),
        samples=float(np.mean([a.consensus["sample_counts"]["started"] for a in answered])),
        tokens=float(np.mean([a.tokens for a in answered])),
    )


def table(rows: Sequence[Row]) -> Table:
    shown = Table(
        title=f"Live, on fresh questions, 95 % intervals, ECE in {BINS} bins",
        title_justify="left",
        min_width=110,
    )
    headings = (
        "",
        "stated",
        "Brier",
        "Brier − agreement",
        "log-loss",
        f"ECE ({BINS} bins) / floor",
    )
    for heading in (*headings, "AUROC"):
        shown.add_column(heading, no_wrap=True)
    for before, row in zip([None, *rows], rows, strict=False):
        scored = row.metrics
        if before is None or before.mode != row.mode:
            shown.add_section()
        name = f"{row.mode} ({row.questions})" if row.stated == "agreement" else ""
        shown.add_row(
            name,
            row.stated,
            f"{scored.brier.value:.3f}",
            "" if row.stated == "agreement" else _told(row.brier_less_agreement),
            f"{scored.log_loss.value:.3f}",
            f"{scored.ece.value:.3f} / {scored.ece_floor:.3f}",
            "" if scored.auroc is None else f"{scored.auroc.value:.3f}",
        )
    return shown


def _told(figure: Interval) -> str:
    return f"{figure.value:+.3f} [{figure.low:+.3f}, {figure.high:+.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.confidence_live", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--questions", type=int, default=330)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--url", help="a running server of the bundled model; else one is started")
    options = parser.parse_args()
    console = Console(stderr=True)
    questions = list(islice(labelled(options.seed), options.questions))
    with ExitStack() as stack:
        url = options.url or stack.enter_context(local_server())
        answered = asyncio.run(ask_all(url, questions, partial(console.print, style="dim")))
    rows = [row for mode, each in answered.items() for row in rows_of(mode, each)]
    output = Console(width=None if sys.stdout.isatty() else 130)
    output.print(table(rows))
    ends = [reached(mode, each, 0.9) for mode, each in answered.items()]
    for end in ends:
        output.print(
            f"{end.mode}: {end.reached} of {end.questions} said 0.9 or more, {end.said:.3f} on "
            f"average; right {end.right.value:.3f} [{end.right.low:.3f}, {end.right.high:.3f}]; "
            f"{end.samples:.1f} samples, {end.tokens:.0f} tokens a question"
        )
    output.print("Stated in words: nothing, abacus states no confidence.")
    write_json(options.json, "confidence_live", rows, reached=ends, seed=options.seed)


if __name__ == "__main__":
    main()
