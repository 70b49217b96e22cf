"""Votes that weigh: what every weighted voting shares."""

from collections.abc import Callable, Sequence
from math import fsum, isfinite

from quorate_sampling.reading import Reading
from quorate_sampling.votes import Vote, ballots, ranked

Score = Callable[[Reading], float | None]
"""One number of a reading, more being better; None where it has none."""

Weigh = Callable[[Sequence[float]], Sequence[float]]
"""From the scores of a group to the weights of their samples: finite, none below 0."""


def weighted(readings: Sequence[Reading], score: Score, weigh: Weigh) -> tuple[Vote, ...]:
    """Votes by the sum of their samples' weights.

    Weights are scaled to a mean of 1 over the samples with an answer, so that a vote's weight
    reads as a number of samples, and equal scores make the votes of a majority. A sample without
    a score weighs 1, neither more nor less than the others; where none has one, or all weigh
    nothing, each weighs 1. Rounded to nine places: what differs by rounding is tied.
    """
    classes = ballots(readings)
    said = {member.index: score(member) for members in classes for member in members}
    scores = {
        index: value for index, value in said.items() if value is not None and isfinite(value)
    }
    weights = dict(zip(scores, weigh(tuple(scores.values())), strict=True))
    mean = fsum(weights.values()) / len(weights) if weights else 0.0

    def weight(members: Sequence[Reading]) -> float:
        if not mean:
            return float(len(members))
        return round(fsum(weights.get(member.index, mean) for member in members) / mean, 9)

    return ranked((members, weight(members)) for members in classes)


def as_they_are(scores: Sequence[float]) -> Sequence[float]:
    """Scores that are weights already."""
    return scores
