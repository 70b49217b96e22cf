"""What is known of each label of a classification."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, fsum
from typing import Literal

from quorate_sampling.reading import Reading
from quorate_sampling.softmax import softmax

Scoring = Literal["votes", "logprob"]


@dataclass(frozen=True, slots=True)
class LabelScore:
    """One label of the set that was asked for.

    `score` is its share of the evidence: all labels' sum to 1. It is None where there is no
    evidence at all. `count` is the number of samples that gave it as their answer. `probability`
    is a calibrated one, None where nothing calibrates it.
    """

    label: str
    score: float | None
    count: int
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Every label, best first; ties go to more votes, then to the order they were asked for in.

    `unparsed` samples gave none of the labels; they are in no score. `scored` is how many samples
    the scores rest on. `mass` is the probability that all labels have together, averaged over
    them: far below 1 the model would rather have said something else. None for votes.
    """

    scoring: Scoring
    labels: tuple[LabelScore, ...]
    unparsed: int
    scored: int
    mass: float | None = None

    @property
    def leading(self) -> LabelScore | None:
        """The best label; None where nothing is known."""
        return self.labels[0] if self.labels[0].score is not None else None


def label_votes(
    readings: Sequence[Reading], labels: Sequence[str], *, smoothing: float = 0.0
) -> LabelScores:
    """Scores by counting: (c + a) / (n + a·K) for a label with c of the n votes, of K labels.

    `smoothing` a is that of a symmetric Dirichlet prior, whose posterior mean this is: 0 is the
    plain share, ½ Jeffreys' prior, 1 Laplace's rule. Without it a label nobody voted for has 0,
    and with no vote at all no label has a score. Raises ValueError for labels that are none, or
    not distinct, and for a negative `smoothing`.
    """
    counts, unparsed = label_counts(readings, labels)
    scores = _shares(counts, smoothing)
    return LabelScores("votes", _ranked(labels, scores, counts), unparsed, sum(counts))


def label_logprobs(
    logprobs: Sequence[Sequence[float]],
    readings: Sequence[Reading],
    labels: Sequence[str],
    *,
    smoothing: float = 0.0,
) -> LabelScores:
    """Scores by what the model says of each label, averaged over S samples' thoughts.

        score(k) = 1/S · Σₛ exp l(s, k) / Σⱼ exp l(s, j)

    `logprobs` has a row for each sample s, with the log-probability l of each label's whole token
    sequence, its ending included, behind that sample's thought. Lengths are not normalised: the
    sequences are disjoint events, and an ending makes them so. At temperature 1 a vote for a label
    is one draw from a row's distribution, so this is the votes' expectation given the thoughts
    (Rao–Blackwell): no more varied, and free to take any value where S votes move in steps of 1/S.
    With `smoothing` each row counts as one vote, shared among the labels, and the formula is that
    of `label_votes`.

    A row in which no label is possible says nothing and is left out. Raises ValueError as
    `label_votes` does, and where a row has not one figure for each label, or one that is no
    log-probability.
    """
    counts, unparsed = label_counts(readings, labels)
    masses = [_mass(row, len(labels)) for row in logprobs]
    used = [(row, mass) for row, mass in zip(logprobs, masses, strict=True) if mass > 0]
    votes = [0.0] * len(labels)
    if used:
        rows = (softmax(row) for row, _ in used)
        votes = [fsum(column) for column in zip(*rows, strict=True)]
    scores = _shares(votes, smoothing)
    mass = fsum(mass for _, mass in used) / len(used) if used else 0.0
    return LabelScores("logprob", _ranked(labels, scores, counts), unparsed, len(used), mass)


def label_counts(readings: Sequence[Reading], labels: Sequence[str]) -> tuple[list[int], int]:
    """How many samples gave each label, in the labels' order, and how many gave none of them."""
    if not labels or len(set(labels)) != len(labels):
        raise ValueError("the labels must be distinct, and at least one")
    given = dict.fromkeys(labels, 0)
    for reading in readings:
        if reading.answer is not None and reading.answer.text in given:
            given[reading.answer.text] += 1
    counts = list(given.values())
    return counts, len(readings) - sum(counts)


def _shares(votes: Sequence[float], smoothing: float) -> list[float | None]:
    if not smoothing >= 0:
        raise ValueError("smoothing is a number of votes: 0 or more")
    total = fsum(votes) + smoothing * len(votes)
    return [(vote + smoothing) / total if total else None for vote in votes]


def _mass(row: Sequence[float], labels: int) -> float:
    if len(row) != labels:
        raise ValueError(f"{len(row)} log-probabilities for {labels} labels")
    if not all(logprob <= 1e-3 for logprob in row):  # a sum of rounded ones may pass 0 by a hair
        raise ValueError("a log-probability is a number that is not above 0")
    return min(1.0, fsum(map(exp, row)))


def _ranked(
    labels: Sequence[str], scores: Sequence[float | None], counts: Sequence[int]
) -> tuple[LabelScore, ...]:
    scored = map(LabelScore, labels, scores, counts)
    return tuple(sorted(scored, key=lambda label: (-(label.score or 0.0), -label.count)))
