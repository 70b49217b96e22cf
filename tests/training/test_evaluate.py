"""How samples become the figures of the model card."""

import random

import pytest

from training.abacus.evaluate import Asked, Sample, by_agreement
from training.abacus.intervals import Share
from training.abacus.problems import problem


def asked(*answers: str | None) -> Asked:
    samples = tuple(Sample("", answer, 1) for answer in answers)
    return Asked(problem(1, random.Random(0)), samples, {0.5: answers})


def test_majorities_are_taken_in_disjoint_groups() -> None:
    right = str(asked().problem.answer)
    one = asked(right, right, "x", right, "x", "x", right, None)
    assert one.majority_right(4) == 0.5
    assert one.majority_right(1) == 0.5
    assert one.forced_right(0.5) == 0.5


def test_agreement_counts_votes_of_the_leader() -> None:
    right = str(asked().problem.answer)
    rows = by_agreement([asked(*[right] * 15, "x"), asked("x", "x", "x", right)])
    assert [(row["questions"], row["right"]) for row in rows] == [(0, 0), (0, 0), (0, 0), (2, 1)]


def test_an_interval_holds_its_mean_and_stays_between_0_and_1() -> None:
    for scores in ([1.0] * 20, [0.0] * 20, [0.5, 1, 0, 0.25]):
        share = Share.of(scores)
        assert 0 <= share.low <= share.mean <= share.high <= 1
    assert Share.of([1.0] * 100).low == pytest.approx(0.963, abs=0.001)
