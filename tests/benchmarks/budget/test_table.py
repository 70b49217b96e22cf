from pathlib import Path

from rich.console import Console

from benchmarks.budget.__main__ import table
from benchmarks.budget.curves import Point
from benchmarks.budget.plot import plot
from benchmarks.deadline.measures import Share


def point(way: str, budget_s: float | None, right: int, *, condition: str = "idle") -> Point:
    flags = [True] * right + [False] * (10 - right)
    share = Share.of(flags)
    return Point(condition, way, budget_s, 10, share, share, share, 0, 50.0, 0.4, {"raced": 3})


POINTS = [
    point(way, budget, right, condition=condition)
    for condition in ("idle", "busy")
    for way, budget, right in [("forced", 0.5, 2), ("forced", 1.0, 6), ("whole", None, 9)]
]


def test_every_point_has_a_line() -> None:
    console = Console(width=150, record=True, file=None, quiet=False)
    with console.capture() as told:
        console.print(table(POINTS))
    text = told.get()
    assert text.count("forced") >= 4
    assert text.count("none") == 2
    assert "60% [31%–83%]" in text


def test_the_curves_are_drawn(tmp_path: Path) -> None:
    plot(POINTS, tmp_path / "budget.png")
    assert (tmp_path / "budget.png").read_bytes().startswith(b"\x89PNG")
