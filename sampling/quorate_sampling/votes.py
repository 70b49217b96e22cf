"""Counting answers: which of them agree, and which leads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quorate_verifiers import Answer


@dataclass(frozen=True, slots=True)
class Vote:
    """Equivalent answers, counted together. `sample_ids` are indices into the group, ascending."""

    answer: str
    count: int
    weight: float
    sample_ids: tuple[int, ...]


def majority(answers: Mapping[int, Answer | None], forced: frozenset[int]) -> tuple[Vote, ...]:
    """One vote for each sample's answer, best first; None (unparsed) votes for nothing.

    Self-consistency (Wang et al. 2022, arXiv:2203.11171). Ties go to the answer with more samples
    that ended their thought by themselves (not in `forced`), then to the one drawn first, so the
    result depends on the samples alone, not on the order they finished in.
    """
    by_key: dict[str, list[int]] = {}
    for index in sorted(answers):
        answer = answers[index]
        if answer is not None:
            by_key.setdefault(answer.key, []).append(index)

    def rank(ids: Sequence[int]) -> tuple[int, int, int]:
        return (-len(ids), -sum(i not in forced for i in ids), ids[0])

    votes = []
    for ids in sorted(by_key.values(), key=rank):
        first = answers[ids[0]]
        assert first is not None
        votes.append(Vote(first.text, len(ids), float(len(ids)), tuple(ids)))
    return tuple(votes)
