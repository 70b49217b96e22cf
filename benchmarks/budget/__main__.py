"""What a time budget buys: accuracy of the bundled reasoner, by budget and by how it is spent.

    python -m benchmarks.budget [--questions 20] [--json FILE] [--plot FILE]

On real vLLM, once idle (two questions at once) and once under a steady load (four, beside sixteen
others), the same questions for every way and budget. The bundled reasoner thinks 140 tokens in
0.4 s on two idle cores, so its budgets are short: 0.15 to 4.8 s. An answer that is late, or never
comes, counts as wrong.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.budget.curves import IDLE, LOADED, Point, measure
from benchmarks.deadline.questions import LONG_LEVELS
from benchmarks.deadline.stands import real
from benchmarks.figures import write_json


def table(points: Sequence[Point]) -> Table:
    """A line for each condition, way and budget."""
    shown = Table(title="Accuracy by time budget", title_justify="left")
    for column in ("", "way", "budget", "right [95 %]", "answered", "forced", "late", "median s"):
        shown.add_column(column, justify="left" if column in ("", "way") else "right")
    shown.add_column("tokens", justify="right")
    shown.add_column("plans")
    last = None
    for point in points:
        if last not in (None, (point.condition, point.way)):
            shown.add_section()
        last = (point.condition, point.way)
        right = point.right
        shown.add_row(
            point.condition,
            point.way,
            "none" if point.budget_s is None else f"{point.budget_s:g} s",
            f"{right.share:.0%} [{right.low:.0%}–{right.high:.0%}]",
            f"{point.answered.share:.0%}",
            f"{point.forced.share:.0%}",
            str(point.late),
            "" if point.seconds is None else f"{point.seconds:.2f}",
            f"{point.tokens:.0f}",
            ", ".join(f"{mode} {count}" for mode, count in point.modes.items()),
        )
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.budget", description=__doc__)
    parser.add_argument("--questions", type=int, default=20, help="for each way and budget")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--plot", type=Path, help="draw the curves into this PNG")
    options = parser.parse_args()
    console = Console(stderr=True)

    def tell(text: str) -> None:
        console.print(text, style="dim", highlight=False)

    tell("starting vLLM …")
    with real() as stand:
        points = [
            point
            for condition in (IDLE, LOADED)
            for point in measure(stand, condition, options.questions, tell)
        ]
    Console(width=None if sys.stdout.isatty() else 150).print(table(points))
    write_json(options.json, "budget", points, questions=options.questions, levels=LONG_LEVELS)
    if options.plot is not None:
        from benchmarks.budget.plot import plot  # matplotlib, not needed without

        plot(points, options.plot)


if __name__ == "__main__":
    main()
