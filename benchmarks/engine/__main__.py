"""What the gateway costs a saturated engine.

    python -m benchmarks.engine [--pairs 20] [--json FILE]

Tokens/s through Quorate ÷ straight to the same vLLM, on the bundled model. The two take turns,
pair by pair, so that a machine that is slow for a while is so for both; a figure is the median of
the pairs' ratios with its 95 % interval. Groups are compared with as many parallel requests sent
straight to the engine.
"""

import argparse
import asyncio
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.engine.load import STREAM, STREAM_16, UNARY, Kind, Ran, group, saturate
from benchmarks.figures import Estimate, write_json
from benchmarks.real_engine import vllm
from benchmarks.targets import Running, quorate, running

MODEL = "abacus"
SAMPLES_AT_ONCE = 64
SAMPLES = 128
GROUP = 16


@dataclass(frozen=True)
class Row:
    """One way of asking: the ratio, both sides' speed, what the gateway's CPU spent."""

    kind: str
    against: str
    ratio: Estimate
    direct_tokens_per_s: Estimate
    quorate_tokens_per_s: Estimate
    cpu_us_per_request: Estimate
    cpu_us_per_chunk: Estimate | None


def measure(engine: Running, gateway: Running, kind: Kind, pairs: int) -> Row:
    """`pairs` interleaved pairs, after one of each that is not counted."""
    direct_kind = UNARY if kind.samples > 1 else kind
    direct, through, cpu = [], [], []
    for pair in range(pairs + 1):
        one = _run(engine.url, direct_kind, SAMPLES, SAMPLES_AT_ONCE)
        before = gateway.cpu_seconds()
        other = _run(gateway.url, kind, SAMPLES // kind.samples, SAMPLES_AT_ONCE // kind.samples)
        spent = gateway.cpu_seconds() - before
        if pair:
            direct.append(one)
            through.append(other)
            cpu.append(spent)
    speeds = [(a.tokens_per_s, b.tokens_per_s) for a, b in zip(direct, through, strict=True)]
    per_request = [1e6 * s / ran.requests for s, ran in zip(cpu, through, strict=True)]
    per_chunk = [1e6 * s / ran.chunks for s, ran in zip(cpu, through, strict=True) if ran.chunks]
    return Row(
        kind=kind.name,
        against=f"{kind.samples} parallel unary" if kind.samples > 1 else direct_kind.name,
        ratio=Estimate.of([b / a for a, b in speeds]),
        direct_tokens_per_s=Estimate.of([a for a, _ in speeds]),
        quorate_tokens_per_s=Estimate.of([b for _, b in speeds]),
        cpu_us_per_request=Estimate.of(per_request),
        cpu_us_per_chunk=Estimate.of(per_chunk) if per_chunk else None,
    )


def _run(url: str, kind: Kind, requests: int, at_once: int) -> Ran:
    return asyncio.run(saturate(url, kind, requests=requests, at_once=at_once, model=MODEL))


def table(rows: list[Row]) -> Table:
    """The rows, ratios first."""
    shown = Table(title="Tokens/s through Quorate ÷ straight to vLLM", title_justify="left")
    for column in ("", "ratio [95 %]", "direct tok/s", "Quorate tok/s", "CPU µs/req", "µs/chunk"):
        shown.add_column(column, justify="right" if column else "left")
    for row in rows:
        shown.add_row(
            f"{row.kind} (against {row.against})",
            str(row.ratio),
            f"{row.direct_tokens_per_s.median:,.0f}",
            f"{row.quorate_tokens_per_s.median:,.0f}",
            f"{row.cpu_us_per_request.median:,.0f}",
            f"{row.cpu_us_per_chunk.median:,.1f}" if row.cpu_us_per_chunk else "",
        )
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.engine", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--pairs", type=int, default=20)
    options = parser.parse_args()
    console = Console(stderr=True)
    rows = []
    with ExitStack() as stack:
        console.print("starting vLLM …", style="dim")
        engine = stack.enter_context(running(vllm()))
        gateway = stack.enter_context(running(quorate(), engine.url))
        for kind in (UNARY, STREAM_16, STREAM, group(GROUP)):
            console.print(f"{kind.name}: {options.pairs} pairs …", style="dim")
            rows.append(measure(engine, gateway, kind, options.pairs))
    Console(width=None if sys.stdout.isatty() else 120).print(table(rows))
    write_json(options.json, "engine", rows, samples_at_once=SAMPLES_AT_ONCE, pairs=options.pairs)


if __name__ == "__main__":
    main()
