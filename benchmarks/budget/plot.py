"""The curves as a picture: accuracy over the budget, a line for each way, a panel for each load."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from benchmarks.budget.curves import Point


def plot(points: Sequence[Point], path: Path) -> None:
    """Write a PNG."""
    conditions = list(dict.fromkeys(point.condition for point in points))
    figure, panels = plt.subplots(
        1, len(conditions), figsize=(5.5 * len(conditions), 4.2), sharey=True, squeeze=False
    )
    for axes, condition in zip(panels[0], conditions, strict=True):
        _panel(axes, [point for point in points if point.condition == condition])
        axes.set_title(condition)
    panels[0][0].set_ylabel("right answers in time")
    panels[0][-1].legend(fontsize="small", loc="upper left")
    figure.tight_layout()
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _panel(axes: Axes, points: Sequence[Point]) -> None:
    for way in dict.fromkeys(point.way for point in points):
        mine = [point for point in points if point.way == way]
        bound = [(p.budget_s, p.right) for p in mine if p.budget_s is not None]
        if not bound:
            for point in mine:
                axes.axhline(point.right.share, color="0.5", linestyle="--", label=way)
            continue
        budgets = [budget for budget, _ in bound]
        (line,) = axes.plot(budgets, [r.share for _, r in bound], marker="o", label=way)
        axes.fill_between(
            budgets,
            [r.low for _, r in bound],
            [r.high for _, r in bound],
            color=line.get_color(),
            alpha=0.12,
        )
    axes.set_xscale("log")
    ticks = sorted({point.budget_s for point in points if point.budget_s is not None})
    axes.set_xticks(ticks, [f"{budget:g}" for budget in ticks])
    axes.minorticks_off()
    axes.set_xlabel("budget, s")
    axes.set_ylim(0, 1)
    axes.grid(alpha=0.3)
