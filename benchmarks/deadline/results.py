"""Cells on disk: a run that was broken off goes on where it was."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from os import cpu_count
from pathlib import Path
from typing import Any

from benchmarks.deadline.measures import Cell, Row, Share
from benchmarks.deadline.targets import Check


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found about one engine before its cells."""

    engine: str
    capacity_per_s: float
    first_token_s: float
    token_s: float
    max_tokens: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Results:
    """All there is so far. `settings` is what makes two runs comparable."""

    settings: Mapping[str, Any]
    engines: tuple[Measured, ...] = ()
    cells: tuple[Cell, ...] = ()
    checks: tuple[Check, ...] = field(default=())

    def engine(self, name: str) -> Measured | None:
        """What is known of an engine."""
        return next((engine for engine in self.engines if engine.engine == name), None)

    def has(self, engine: str, system: str, load: float) -> bool:
        """Whether a cell has been run."""
        return any((c.engine, c.system, c.load) == (engine, system, load) for c in self.cells)

    def with_cell(self, cell: Cell) -> "Results":
        return replace(self, cells=(*self.cells, cell))

    def with_engine(self, engine: Measured) -> "Results":
        return replace(self, engines=(*self.engines, engine))

    def write(self, path: Path | None) -> None:
        """Into a file, whole or not at all."""
        if path is None:
            return
        machine = {"python": platform.python_version(), "cpus": cpu_count()}
        told = {"bench": "deadline", "machine": machine, **asdict(self)}
        beside = path.with_suffix(".part")
        beside.write_text(json.dumps(told, indent=1) + "\n")
        beside.replace(path)

    @classmethod
    def read(cls, path: Path | None, settings: Mapping[str, Any]) -> "Results":
        """What is in the file, if it came of the same settings; else nothing yet."""
        if path is None or not path.exists():
            return cls(settings)
        told = json.loads(path.read_text())
        if told.get("settings") != settings:
            return cls(settings)
        engines = tuple(Measured(**engine) for engine in told["engines"])
        return cls(settings, engines, tuple(_cell(cell) for cell in told["cells"]))


def _cell(told: dict[str, Any]) -> Cell:
    rows = tuple(_row(row) for row in told["rows"])
    rates = {name: tuple(told[name]) for name in ("goodput", "right_per_s")}
    return Cell(**{**told, **rates, "rows": rows})


def _row(told: dict[str, Any]) -> Row:
    shares: Sequence[str] = ("answered", "right", "refused", "forced")
    return Row(**{**told, **{name: Share(**told[name]) for name in shares}})
