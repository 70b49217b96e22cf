"""What a gateway costs, in front of an upstream that answers at once.

    python -m benchmarks.overhead [--json FILE] [--seconds 2] [--rounds 3] [--peers-venv DIR]

Targets take turns within each round, so that a machine that is busy for a while is so for all.
Figures are medians over the rounds with the lowest and the highest; read them as ratios.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import targets
from benchmarks.overhead.load import request_body
from benchmarks.overhead.measure import Figures, Scenario, Spread, measure

YARDSTICK = "vllm-router"
Results = dict[Scenario, dict[str, list[Figures]]]


def run(options: argparse.Namespace, console: Console) -> tuple[Results, list[str]]:
    """Every target under every scenario, `rounds` times in turn."""
    scenarios = [
        Scenario(connections, stream)
        for stream in ((False,) if options.unary_only else (False, True))
        for connections in options.connections
    ]
    wrk = None if options.own_load else shutil.which("wrk")
    found, missing = targets.peers(options.peers_venv) if options.peers else ([], [])
    gateways = {"quorate": [targets.quorate()], "bare": [targets.bare()]}
    gateways["both"] = gateways["quorate"] + gateways["bare"]
    results: Results = {scenario: {} for scenario in scenarios}
    with ExitStack() as stack:
        bodies = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (bodies / "unary.json").write_bytes(request_body(stream=False))
        (bodies / "stream.json").write_bytes(request_body(stream=True))
        engine = stack.enter_context(targets.running(targets.upstream()))
        running = [engine]
        for target in [*gateways[options.gateway], *found]:
            console.print(f"starting {target.name} …", style="dim")
            try:
                running.append(stack.enter_context(targets.running(target, engine.url)))
            except targets.NotStarted as error:
                if target not in found:
                    raise
                missing.append(str(error))
        for number in range(options.rounds):
            for scenario in scenarios:
                console.print(f"round {number + 1}: {scenario.name}", style="dim")
                for one in running:
                    figures = measure(one, scenario, options.seconds, wrk=wrk, bodies=bodies)
                    results[scenario].setdefault(one.name, []).append(figures)
    return results, [*missing, f"load by {'wrk' if wrk else 'benchmarks.overhead.load'}"]


def table(results: Results) -> Table:
    """Medians, with the extremes of requests/s, and the ratio to the yardstick."""
    shown = Table(title="Overhead of plain requests", title_justify="left")
    for column in ("", "requests/s", "low–high", "p50 ms", "p99 ms", "CPU µs", f"÷ {YARDSTICK}"):
        shown.add_column(column, justify="right" if column else "left")
    for scenario, by_target in results.items():
        shown.add_row(f"[bold]{scenario.name}[/bold]")
        yardstick = by_target.get(YARDSTICK)
        for name, series in by_target.items():
            rate = Spread.of([figures.requests_per_s for figures in series])
            ratio = "" if yardstick is None else f"{rate.median / _median_rate(yardstick):.2f}"
            failed = sum(figures.failed for figures in series)
            shown.add_row(
                f"  {name}" + (f" [red]({failed} failed)[/red]" if failed else ""),
                f"{rate.median:,.0f}",
                f"{rate.low:,.0f}–{rate.high:,.0f}",
                f"{Spread.of([f.p50_ms for f in series]).median:.2f}",
                f"{Spread.of([f.p99_ms for f in series]).median:.2f}",
                f"{Spread.of([f.cpu_us for f in series]).median:.0f}",
                ratio,
            )
    return shown


def as_json(results: Results, notes: list[str]) -> dict[str, object]:
    """The same figures for machines: one object a scenario and target."""
    rows = []
    for scenario, by_target in results.items():
        yardstick = by_target.get(YARDSTICK)
        for name, series in by_target.items():
            rate = Spread.of([figures.requests_per_s for figures in series])
            rows.append(
                {
                    **asdict(scenario),
                    "target": name,
                    "requests_per_s": asdict(rate),
                    "p50_ms": asdict(Spread.of([f.p50_ms for f in series])),
                    "p99_ms": asdict(Spread.of([f.p99_ms for f in series])),
                    "cpu_us_per_request": asdict(Spread.of([f.cpu_us for f in series])),
                    "failed": sum(figures.failed for figures in series),
                    "ratio_to_vllm_router": (
                        None if yardstick is None else rate.median / _median_rate(yardstick)
                    ),
                }
            )
    machine = {"python": platform.python_version(), "cpus": os.cpu_count()}
    return {"bench": "overhead", "machine": machine, "notes": notes, "rows": rows}


def _median_rate(series: list[Figures]) -> float:
    return Spread.of([figures.requests_per_s for figures in series]).median


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.overhead", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--seconds", type=float, default=2.0, help="per target, scenario and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 32, 256])
    parser.add_argument("--unary-only", action="store_true")
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--peers-venv", type=Path, help="where peers are installed (else PATH)")
    parser.add_argument(
        "--gateway",
        choices=("quorate", "bare", "both"),
        default="quorate",
        help="`quorate serve`, its hot path without the app behind it, or both",
    )
    parser.add_argument("--own-load", action="store_true", help="our load generator, not wrk")
    options = parser.parse_args()
    console = Console(stderr=True)
    results, notes = run(options, console)
    out = Console(width=None if sys.stdout.isatty() else 110)
    out.print(table(results))
    for note in notes:
        out.print(note, style="dim", markup=False)
    if options.json is not None:
        options.json.write_text(json.dumps(as_json(results, notes), indent=2) + "\n")


if __name__ == "__main__":
    main()
