"""How far observations scatter about what was expected, and the quantile that really covers."""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quorate_sampling.pacing.numbers import numbers

COVERED = 0.95
"""The quantile that is kept honest: the one deadlines are planned with."""

WINDOW = 200
"""Errors kept: recent enough to follow a changed engine, enough for a 95th percentile."""

STEP = 0.01
"""How far one observation moves the level: γ of adaptive conformal inference."""

LOWEST, HIGHEST = 0.7, 1.2
"""Bounds of the level. Above 1, no error of the window is large enough by itself."""

BEYOND = 2.0
"""How steeply the largest error is exceeded above level 1: by a factor of 1 + 2 · (level − 1)."""

TOLD = 12
"""Errors observed after which those it began with are dropped."""

KNOTS = 20
"""Steps between the quantiles by which a state describes the window."""


@dataclass(slots=True)
class Spread:
    """A window of errors, and the level at which its 95th percentile lately covered 95 %.

    Adaptive conformal inference (Gibbs and Candès 2021, arXiv 2106.00002, eq. 2): after each
    observation the level rises by `STEP` · 0.95 where the prediction was exceeded, and falls by
    `STEP` · 0.05 where it was not. Over any stretch the share covered then differs from 95 % by
    at most the level's range over `STEP` times its length, whatever the errors' distribution does.
    Observations come late, as requests end; the level may leave [0, 1] for that long.

    `start`: errors as they are guessed to be, or were before; `TOLD` observed ones replace them.
    """

    start: Sequence[float]
    level: float = field(default=COVERED, init=False)
    _recent: deque[float] = field(init=False)
    _sorted: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self._recent = deque(maxlen=WINDOW)
        self._sorted = sorted(self.start)

    def quantile(self, q: float) -> float:
        """The error that a share `q` is expected not to exceed."""
        level = q + (self.level - COVERED) * min(1.0, max(0.0, (q - 0.5) / (COVERED - 0.5)))
        errors = self._sorted
        if level >= 1.0:
            return errors[-1] + abs(errors[-1]) * BEYOND * (level - 1.0)
        at = max(0.0, level) * (len(errors) - 1)
        below = int(at)
        return errors[below] + (at - below) * (errors[below + 1] - errors[below])

    def observe(self, error: float, *, exceeded: bool) -> None:
        """Take note of an error, and whether it exceeded the 95th percentile predicted for it."""
        self.level += STEP * (COVERED if exceeded else COVERED - 1.0)
        self.level = min(HIGHEST, max(LOWEST, self.level))
        recent, ordered = self._recent, self._sorted
        if len(recent) == WINDOW:
            del ordered[bisect_left(ordered, recent[0])]
        recent.append(error)
        insort(ordered, error)
        if len(recent) == TOLD:
            self.replace(tuple(recent))

    def replace(self, errors: Sequence[float]) -> None:
        """Put errors, oldest first, in the place of those observed."""
        self._recent = deque(errors, maxlen=WINDOW)
        guessed = self.start if len(errors) < TOLD else ()
        self._sorted = sorted((*self._recent, *guessed))

    def state(self) -> dict[str, Any]:
        """As JSON: the window as so many of its quantiles."""
        last = len(self._sorted) - 1
        return {
            "level": self.level,
            "errors": [self._sorted[round(last * knot / KNOTS)] for knot in range(KNOTS + 1)],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Start from a former state. Raises KeyError, TypeError or ValueError where it is none."""
        errors = numbers(state["errors"], KNOTS + 1)
        (level,) = numbers((state["level"],))
        self.level = min(HIGHEST, max(LOWEST, level))
        self.start = errors
        self.replace(())
