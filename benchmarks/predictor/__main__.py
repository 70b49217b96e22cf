"""How well the times of a request are predicted while the load changes.

    python -m benchmarks.predictor [--seeds 20] [--live [REQUESTS]] [--json FILE]

Requests of 100 to 8,000 prompt tokens, a quarter of them with most of it in the engine's cache,
arrive on their own at 0.3, 0.9, 1.3 and 0.5 times what the engine can keep up with, after 200 from
which the predictors learn. Of the next 1,000 the time to first token and the time per token are
predicted as each is sent. The engine is a 7-B model on one GPU, simulated in virtual time
(benchmarks/simulated/timing.py); every predictor sees the same requests. Target: the predicted 95th
percentile covers 93 to 97 % of them.

`--live` does the same with fewer requests (400, and half as many to learn from) on a real vLLM with
the bundled reasoner: what else runs on the machine is part of the load then.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from rich.console import Console
from rich.table import Table

from benchmarks.figures import write_json
from benchmarks.predictor import live
from benchmarks.predictor.measures import HIGH, LOW, Row
from benchmarks.predictor.simulated import compare
from benchmarks.predictor.traffic import JUDGED

SEEDS = 20
SEED = 4


def table(title: str, rows: Sequence[Row], loads: Sequence[float]) -> Table:
    """The rows; coverage first, over all and at each load."""
    shown = Table(title=title, title_justify="left")
    shown.add_column("")
    shown.add_column("p95 covers, % [range]", justify="right")
    shown.add_column(f"{LOW * 100:.0f}–{HIGH * 100:.0f} %", justify="right")
    shown.add_column(f"at load {' → '.join(f'{load:g}' for load in loads)}", justify="right")
    shown.add_column("p95 / median seen", justify="right")
    shown.add_column("median off by", justify="right")
    time = ""
    for row in rows:
        if row.time != time:
            time = row.time
            shown.add_section()
            shown.add_row(f"[bold]{time.replace('_', ' ')}[/bold]")
        low, high = min(row.coverage), max(row.coverage)
        shown.add_row(
            f"  {row.predictor}",
            f"{fmean(row.coverage) * 100:.1f} [{low * 100:.1f}, {high * 100:.1f}]",
            f"{row.within} of {len(row.coverage)}",
            " ".join(f"{covered * 100:.0f}" for covered in row.by_phase),
            f"{row.sharpness:.1f}",
            f"{row.error * 100:.0f} %",
        )
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.predictor", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument(
        "--live",
        type=int,
        nargs="?",
        const=live.REQUESTS,
        metavar="REQUESTS",
        help="on a real vLLM too",
    )
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120)
    rows, capacity = compare(options.seeds)
    title = f"Predicting a simulated 7-B model ({capacity:.1f} requests/s at most)"
    console.print(table(title, rows, [phase.load for phase in JUDGED]))
    notes = {"capacity_per_s": capacity, "seeds": options.seeds}
    if options.live:
        told = Console(stderr=True)
        told.print("starting vLLM …", style="dim")
        on_vllm, at_most = asyncio.run(live.on_vllm(SEED, options.live, told.print))
        title = f"Predicting vLLM on the bundled reasoner ({at_most:.1f} requests/s at most)"
        console.print(table(title, on_vllm, live.LOADS))
        notes |= {
            "live": on_vllm,
            "live_capacity_per_s": at_most,
            "live_requests": options.live,
        }
    write_json(options.json, "predictor", rows, **notes)


if __name__ == "__main__":
    main()
