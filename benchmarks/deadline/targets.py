"""What the issue asks for, met or missed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.deadline.measures import ALL_BUDGETS, Cell, Row

ANSWERED = 0.99
GOODPUT_AT_MOST_LOAD = 0.90
REFUSED_WITHIN_MS = 50.0
USED = 0.80


@dataclass(frozen=True, slots=True)
class Check:
    """One target on one engine, and what was measured for it."""

    engine: str
    target: str
    measured: str
    met: bool


def checks(cells: Sequence[Cell], ours: str, baselines: Sequence[str]) -> list[Check]:
    """All targets, for `ours` against `baselines`, as far as there are cells for them."""
    found: list[Check] = []
    for engine in dict.fromkeys(cell.engine for cell in cells):
        mine = [cell for cell in cells if (cell.engine, cell.system) == (engine, ours)]
        others = [c for c in cells if c.engine == engine and c.system in baselines]
        if mine:
            every = [c for c in cells if c.engine == engine and c.system.startswith(ours)]
            found += [_late(engine, every), *_answered(engine, mine), *_under_load(engine, mine)]
            found += [*_accuracy(engine, mine, others), *_used(engine, mine)]
    return found


def _late(engine: str, cells: Iterable[Cell]) -> Check:
    rows = [_whole(cell) for cell in cells]
    late, asked = sum(r.late_at_server for r in rows), sum(r.requests for r in rows)
    worst = max(r.late_worst_ms for r in rows)
    told = sum(r.told_late for r in rows)
    return Check(
        engine,
        "0 late at the server's socket",
        f"{late} of {asked}, worst {worst:.0f} ms; {told} late by its own word",
        late == 0 and told == 0,
    )


def _answered(engine: str, cells: Sequence[Cell]) -> list[Check]:
    rows = [(cell.load, _whole(cell)) for cell in cells if cell.load <= 1]
    return [
        Check(
            engine,
            f"≥ {ANSWERED:.0%} answered in time at {load:g}×",
            f"{row.answered.share:.1%} [{row.answered.low:.1%}–{row.answered.high:.1%}]"
            f" of {row.requests}",
            row.answered.share >= ANSWERED,
        )
        for load, row in rows
    ]


def _under_load(engine: str, cells: Sequence[Cell]) -> list[Check]:
    most = max(cells, key=lambda cell: cell.load)
    best = max(cells, key=lambda cell: cell.goodput[0])
    share = most.goodput[0] / best.goodput[0] if best.goodput[0] else 0.0
    refused = _whole(most).refused_p99_ms
    return [
        Check(
            engine,
            f"goodput at {most.load:g}× ≥ {GOODPUT_AT_MOST_LOAD:.0%} of the best at any load",
            f"{share:.0%}: {_rate(most.goodput)} against {_rate(best.goodput)} at {best.load:g}×",
            share >= GOODPUT_AT_MOST_LOAD,
        ),
        Check(
            engine,
            f"refusals at {most.load:g}× within {REFUSED_WITHIN_MS:.0f} ms at p99",
            "none refused" if refused is None else f"{refused:.0f} ms",
            refused is None or refused <= REFUSED_WITHIN_MS,
        ),
    ]


def _accuracy(engine: str, mine: Sequence[Cell], others: Sequence[Cell]) -> list[Check]:
    found = []
    for cell in mine:
        rivals = [other for other in others if other.load == cell.load]
        lost, told = [], []
        for row in cell.rows:
            theirs = [_at(rival, row.budget_s) for rival in rivals]
            shares = [r.right.share for r in theirs if r is not None]
            if row.budget_s == ALL_BUDGETS or not shares:
                continue
            told.append(f"{row.budget_s:g} s {row.right.share:.0%} > {max(shares):.0%}")
            if row.right.share <= max(shares):
                told[-1] = told[-1].replace(">", "≤")
                lost.append(row.budget_s)
        if told:
            target = f"right at {cell.load:g}×: above both baselines at every budget"
            found.append(Check(engine, target, ", ".join(told), not lost))
    return found


def _used(engine: str, cells: Sequence[Cell]) -> list[Check]:
    """Only what was forced could have used more time: the others had said all they had to say."""
    found = []
    for cell in cells:
        shares = {r.budget_s: r.forced_elapsed_share for r in cell.rows if r.budget_s}
        told = {b: s for b, s in shares.items() if s is not None}
        if told:
            shown = ", ".join(f"{b:g} s {s:.0%}" for b, s in told.items())
            target = f"forced answers at {cell.load:g}× take {USED:.0%}–100% of their budget"
            met = all(USED <= share <= 1 for share in told.values())
            found.append(Check(engine, target, shown, met))
    return found


def _whole(cell: Cell) -> Row:
    return next(row for row in cell.rows if row.budget_s == ALL_BUDGETS)


def _at(cell: Cell, budget_s: float) -> Row | None:
    return next((row for row in cell.rows if row.budget_s == budget_s), None)


def _rate(rate: tuple[float, float, float]) -> str:
    return f"{rate[0]:.1f}/s [{rate[1]:.1f}–{rate[2]:.1f}]"
