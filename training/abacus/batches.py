"""Examples of similar length, side by side in one tensor."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training.abacus.examples import Example

__all__ = ["IGNORED", "Batch", "by_length", "collate"]

IGNORED = -100


@dataclass(frozen=True, slots=True)
class Batch:
    """`ids` and `targets` are (examples, tokens); a target is the next id, or `IGNORED`."""

    ids: Tensor
    targets: Tensor


def collate(examples: Sequence[Example]) -> Batch:
    """Pad on the right, which causal attention never sees; padding does not count."""
    longest = max(len(example.ids) for example in examples)
    ids = torch.zeros(len(examples), longest, dtype=torch.long)
    targets = torch.full((len(examples), longest), IGNORED, dtype=torch.long)
    for row, example in enumerate(examples):
        length = len(example.ids)
        ids[row, :length] = torch.tensor(example.ids)
        counted = torch.tensor(example.counted)
        targets[row, : length - 1] = torch.where(counted, ids[row, :length], IGNORED)[1:]
    return Batch(ids, targets)


def by_length(
    examples: list[Example], tokens_per_batch: int, rng: random.Random
) -> Iterator[Batch]:
    """Cut examples into batches of at most `tokens_per_batch`, padding counted, in random order."""
    groups: list[list[Example]] = [[]]
    for example in sorted(examples, key=lambda example: len(example.ids)):
        if groups[-1] and len(example.ids) * (len(groups[-1]) + 1) > tokens_per_batch:
            groups.append([])
        groups[-1].append(example)
    rng.shuffle(groups)
    return map(collate, groups)
