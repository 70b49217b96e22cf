"""Medians with an interval, and files of figures."""

import json
import platform
import random
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from os import cpu_count
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Estimate:
    """A median and its 95 % interval, by bootstrap over the measurements."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float], resamples: int = 2000) -> "Estimate":
        rng = random.Random(0)
        medians = sorted(
            statistics.median(rng.choices(values, k=len(values))) for _ in range(resamples)
        )
        at = (int(0.025 * resamples), int(0.975 * resamples))
        return cls(statistics.median(values), medians[at[0]], medians[at[1]])

    def __str__(self) -> str:
        return f"{self.median:.3f} [{self.low:.3f}, {self.high:.3f}]"


def wilson(right: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    if trials == 0:
        return 0.0, 1.0
    z, share = 1.96, right / trials
    centre = share + z * z / (2 * trials)
    spread = z * ((share * (1 - share) + z * z / (4 * trials)) / trials) ** 0.5
    scale = 1 + z * z / trials
    return (centre - spread) / scale, (centre + spread) / scale


def write_json(path: Path | None, bench: str, rows: Sequence[Any], **notes: Any) -> None:
    """The figures for machines; dataclasses become objects."""
    if path is None:
        return
    machine = {"python": platform.python_version(), "cpus": cpu_count()}
    figures = {"bench": bench, "machine": machine, **notes, "rows": list(rows)}
    path.write_text(json.dumps(figures, indent=2, default=asdict) + "\n")
