"""Numeric answers as estimates of one quantity: what mean and median share."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quorate_sampling.parameters import within
from quorate_sampling.reading import Reading
from quorate_sampling.votes import Vote, ballots, ranked
from quorate_sampling.voting.intervals import Bounds
from quorate_verifiers.canonical import is_number_key

LARGEST = 1e150
"""Numbers beyond it are not averaged: their squares are no numbers to the machine."""

_LONGEST_KEY = 700  # two integers of 300 digits and what joins them; longer ones are beyond LARGEST


@dataclass(frozen=True, slots=True)
class Estimate(ABC):
    """The votes of a group whose numbers are estimates: one for the estimate, then the others.

    The estimate rests on every number and weighs as many samples; its answer is written plainly.
    `count` and `sample_ids` are those whose own answer is near it: no further away than the larger
    of `abs_tolerance` and `rel_tolerance` times the estimate. So agreement stays a plain share of
    samples, of those that came near. Where none did (answers of two sorts, the centre between
    them) it is the one nearest sample, for a sample has to be shown.

    All others, far numbers and answers that are no numbers, vote for themselves, each as one
    sample. Such an answer leads where more samples gave it than gave any number at all.
    """

    rel_tolerance: float = 0.05
    abs_tolerance: float = 0.0

    def __post_init__(self) -> None:
        within("rel_tolerance", self.rel_tolerance, 0, 1)
        within("abs_tolerance", self.abs_tolerance, 0, LARGEST)

    @abstractmethod
    def _centre(self, ascending: Sequence[float]) -> float: ...

    @abstractmethod
    def _interval(self, ascending: Sequence[float]) -> Bounds | None: ...

    def count(self, readings: Sequence[Reading]) -> tuple[Vote, ...]:
        numbers = {reading.index: _number(reading) for reading in readings}
        known = {index: value for index, value in numbers.items() if value is not None}
        if not known:
            return _plain(readings)
        ascending = sorted(known.values())
        estimate = self._centre(ascending)
        near = self._near(readings, known, estimate)
        vote = Vote(
            answer=written(estimate),
            count=len(near),
            weight=float(len(known)),
            sample_ids=tuple(sorted(near)),
            interval=self._interval(ascending),
        )
        others = _plain([reading for reading in readings if reading.index not in near])
        ahead = sum(other.weight > vote.weight for other in others)
        return (*others[:ahead], vote, *others[ahead:])

    def _near(
        self, readings: Sequence[Reading], known: Mapping[int, float], estimate: float
    ) -> frozenset[int]:
        reach = max(self.abs_tolerance, self.rel_tolerance * abs(estimate))
        away = {index: abs(value - estimate) for index, value in known.items()}
        near = frozenset(index for index, distance in away.items() if distance <= reach)
        if near:
            return near
        numeric = [reading for reading in readings if reading.index in known]
        nearest = min(numeric, key=lambda r: (away[r.index], r.forced, r.index))
        return frozenset([nearest.index])


def written(value: float) -> str:
    """A number in plain figures, 15 of them at most: `46`, `0.125`, `46.3333333333333`."""
    return f"{value + 0.0:.15g}"  # + 0.0 makes -0.0 a plain zero


def _plain(readings: Sequence[Reading]) -> tuple[Vote, ...]:
    return ranked((members, float(len(members))) for members in ballots(readings))


def _number(reading: Reading) -> float | None:
    """The number that an answer is; None where it is none, or one that cannot be averaged."""
    key = reading.answer.key if reading.answer is not None else ""
    if len(key) > _LONGEST_KEY or not is_number_key(key):
        return None
    above, _, below = key.partition("/")
    divisor = float(below or 1)
    if not divisor:
        return None
    value = float(above) / divisor
    return value if abs(value) <= LARGEST else None
