from rich.console import Console
from rich.table import Table

from benchmarks.deadline.results import Measured
from benchmarks.deadline.tables import by_budget, by_load, engines, targets
from benchmarks.deadline.targets import Check
from tests.benchmarks.deadline.replies import a_cell, reply

CELLS = [
    a_cell([reply(budget_s=b) for b in (1.0, 2.0)], system=system, load=load)
    for load in (1.0, 4.0)
    for system in ("Quorate", "stock")
]


def shown(table: Table) -> str:
    console = Console(width=170)
    with console.capture() as told:
        console.print(table)
    return told.get()


def test_budgets_come_in_order_and_all_of_them_last() -> None:
    text = shown(by_budget("engine", CELLS))
    lines = [line.split("│")[1:3] for line in text.splitlines() if "×" in line]
    assert [budget.strip() for _, budget in lines[::2]] == ["1 s", "2 s", "all"] * 2
    assert [load.strip() for load, _ in lines] == ["1×"] * 6 + ["4×"] * 6


def test_every_system_has_a_line_for_each_load() -> None:
    assert shown(by_load("engine", CELLS)).count("×") == 4
    assert shown(by_load("another", CELLS)).count("×") == 0


def test_engines_and_targets_are_told() -> None:
    measured = Measured("GPU", 20.0, 0.04, 0.008, {"0.5": 30})
    assert "0.5 s 30" in shown(engines([measured]))
    checks = [Check("GPU", "0 late", "1 of 9", met=False), Check("GPU", "fast", "2 ms", met=True)]
    text = shown(targets(checks))
    assert "missed" in text
    assert "met" in text
