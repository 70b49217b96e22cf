"""Made-up replies and cells."""

from collections.abc import Sequence
from typing import Any

from benchmarks.deadline.measures import Cell, cell
from benchmarks.deadline.reply import Reply

STANDARD: dict[str, Any] = {
    "budget_s": 1.0,
    "status": 200,
    "content": "42",
    "right": True,
    "server_s": 0.9,
    "client_s": 0.95,
    "late_s": 0.001,
    "tokens": 100,
    "forced": True,
    "told_late": False,
    "mode": None,
}


def reply(**fields: Any) -> Reply:
    return Reply(**{**STANDARD, **fields})


def a_cell(got: Sequence[Reply], *, system: str = "Quorate", load: float = 1.0) -> Cell:
    return cell(
        got,
        engine="engine",
        system=system,
        load=load,
        rate=2.0,
        seconds=10.0,
        generated=1000,
        late_steps=0.0,
    )
