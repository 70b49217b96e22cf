"""The figures as tables."""

from collections.abc import Sequence

from rich.table import Table

from benchmarks.deadline.measures import ALL_BUDGETS, Cell, Row, Share
from benchmarks.deadline.results import Measured
from benchmarks.deadline.targets import Check

_BY_BUDGET = (
    "load",
    "budget",
    "system",
    "n",
    "answered",
    "right [95 %]",
    "refused",
    "p99 ms",
    "late srv",
    "late cli",
    "forced",
    "time used",
)
_BY_LOAD = (
    "load",
    "system",
    "asked/s",
    "goodput/s",
    "right/s",
    "wasted",
    "sent late",
    "late steps",
)


def engines(measured: Sequence[Measured]) -> Table:
    """What was found about the engines first: everything else is relative to it."""
    shown = Table(title="Engines", title_justify="left")
    for column in ("engine", "whole answers/s", "first token", "a token, alone", "max_tokens"):
        shown.add_column(column, justify="left" if column == "engine" else "right")
    for engine in measured:
        limits = ", ".join(f"{budget} s {limit}" for budget, limit in engine.max_tokens.items())
        shown.add_row(
            engine.engine,
            f"{engine.capacity_per_s:.1f}",
            f"{1000 * engine.first_token_s:.0f} ms",
            f"{1000 * engine.token_s:.1f} ms",
            limits,
        )
    return shown


def by_budget(engine: str, cells: Sequence[Cell]) -> Table:
    """A line for each load, budget and system."""
    shown = Table(title=f"{engine}: by budget", title_justify="left")
    for column in _BY_BUDGET:
        shown.add_column(column, justify="left" if column == "system" else "right")
    rows = [row for cell in cells if cell.engine == engine for row in cell.rows]
    keys = sorted({(row.load, row.budget_s or float("inf")) for row in rows})
    for load, budget in keys:
        for row in rows:
            if (row.load, row.budget_s or float("inf")) == (load, budget):
                shown.add_row(*_cells(row))
        shown.add_section()
    return shown


def _cells(row: Row) -> list[str]:
    used = row.elapsed_share
    refused = row.refused_p99_ms
    return [
        f"{row.load:g}×",
        "all" if row.budget_s == ALL_BUDGETS else f"{row.budget_s:g} s",
        row.system,
        str(row.requests),
        f"{row.answered.share:.1%}",
        _interval(row.right),
        f"{row.refused.share:.1%}",
        "" if refused is None else f"{refused:.0f}",
        str(row.late_at_server),
        str(row.late_at_client),
        f"{row.forced.share:.0%}",
        "" if used is None else f"{used:.0%}",
    ]


def by_load(engine: str, cells: Sequence[Cell]) -> Table:
    """Goodput and waste, a line for each load and system."""
    shown = Table(title=f"{engine}: by load", title_justify="left")
    for column in _BY_LOAD:
        shown.add_column(column, justify="left" if column == "system" else "right")
    for cell in sorted((c for c in cells if c.engine == engine), key=lambda c: c.load):
        shown.add_row(
            f"{cell.load:g}×",
            cell.system,
            f"{cell.rate:.1f}",
            _rate(cell.goodput),
            _rate(cell.right_per_s),
            f"{cell.wasted:.0%}",
            f"{cell.generator_late_p99_ms:.0f} ms",
            f"{cell.engine_late_steps:.1%}",
        )
    return shown


def targets(checks: Sequence[Check]) -> Table:
    """Met or missed."""
    shown = Table(title="Targets", title_justify="left")
    for column in ("engine", "target", "measured", ""):
        shown.add_column(column, overflow="fold")
    for check in checks:
        shown.add_row(
            check.engine, check.target, check.measured, "met" if check.met else "[bold]missed[/]"
        )
    return shown


def _interval(share: Share) -> str:
    return f"{share.share:.1%} [{share.low:.0%}–{share.high:.0%}]"


def _rate(rate: tuple[float, float, float]) -> str:
    return f"{rate[0]:.1f} [{rate[1]:.1f}–{rate[2]:.1f}]"
