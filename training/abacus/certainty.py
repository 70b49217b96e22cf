"""How likely the model is to think and answer wholly right, measured without sampling."""

import random

import torch
from transformers import Qwen3ForCausalLM

from training.abacus.batches import IGNORED, by_length
from training.abacus.examples import Mixture, draw_example
from training.abacus.levels import LEVELS

__all__ = ["chance_of_flawless"]


@torch.no_grad()
def chance_of_flawless(
    model: Qwen3ForCausalLM, questions: int, seed: int, *, tokens_per_batch: int = 8192
) -> dict[int, float]:
    """By level, the mean chance that a sample at temperature 1 repeats the reference word by word.

    A thought has one right wording, so this is the product of its tokens' probabilities: the
    accuracy of one sample, but for samples that err on the way and are right in the end.
    """
    whole = Mixture(cut=0, empty=0, off_topic=0, history=0)
    chances = {}
    for level in LEVELS:
        rng = random.Random(f"{seed} {level}")
        examples = [draw_example(rng, {level: 1.0}, whole) for _ in range(questions)]
        total = 0.0
        for batch in by_length(examples, tokens_per_batch, rng):
            logits = model(input_ids=batch.ids, use_cache=False).logits
            losses = torch.nn.functional.cross_entropy(
                logits.transpose(1, 2), batch.targets, ignore_index=IGNORED, reduction="none"
            )
            total += torch.exp(-losses.sum(dim=1)).sum().item()
        chances[level] = total / questions
    return chances
