"""Training examples: a chat as token ids, and which of them the loss counts.

Three kinds are mixed: whole thoughts, thoughts cut short anywhere and answered at once (so that a
gateway may end them at any token), and prompts off topic. A cut is made by the gateway and not by
the model, so the tokens of the closer itself never count.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from training.abacus.offtopic import INTRODUCTION, THOUGHT, off_topic
from training.abacus.problems import problem
from training.abacus.tokenizer import (
    ASSISTANT,
    BOS,
    CLOSE,
    EOS,
    OPEN,
    SPECIAL_TOKENS,
    USER,
    token_ids,
)

__all__ = ["Example", "Mixture", "draw_example"]


@dataclass(frozen=True, slots=True)
class Example:
    """`ids[i]` counts in the loss where `counted[i]` is true."""

    ids: list[int]
    counted: list[bool]


@dataclass(frozen=True, slots=True)
class Mixture:
    """Shares of the kinds of example; what is left over are whole thoughts."""

    cut: float = 0.22
    empty: float = 0.06
    off_topic: float = 0.04
    history: float = 0.04


class _Draft:
    def __init__(self) -> None:
        self.ids: list[int] = []
        self.counted: list[bool] = []

    def add(self, *parts: str | list[int], counted: bool) -> None:
        for part in parts:
            if isinstance(part, list):
                ids = part
            else:
                ids = [SPECIAL_TOKENS[part]] if part in SPECIAL_TOKENS else token_ids(part)
            self.ids += ids
            self.counted += [counted] * len(ids)

    def done(self) -> Example:
        return Example(self.ids, self.counted)


def draw_example(
    rng: random.Random, weights: Mapping[int, float], mixture: Mixture = Mixture()
) -> Example:
    """Draw one example; `weights` says how often each level comes, relative to the others."""
    draft = _Draft()
    draft.add(BOS, counted=False)
    if rng.random() < mixture.history:
        _add_history(draft, rng)
    if rng.random() < mixture.off_topic:
        question, thought, answer, forced = off_topic(rng), THOUGHT, INTRODUCTION, "?}"
    else:
        drawn = problem(rng.choices(list(weights), list(weights.values()))[0], rng)
        question, thought = drawn.question, "\n".join(drawn.steps)
        answer, forced = f"\\boxed{{{drawn.answer}}}", f"{drawn.answer}}}"
    draft.add(USER, question.strip(), ASSISTANT, OPEN, "\n", counted=False)
    draw = rng.random()
    if draw < mixture.cut + mixture.empty:
        ids = token_ids(thought)
        kept = rng.randint(0, len(ids)) if draw < mixture.cut else 0
        draft.add(ids[:kept], counted=True)
        if rng.random() < 0.8:
            draft.add("\n", counted=False)
        draft.add(CLOSE, counted=False)
        if answer == INTRODUCTION and rng.random() < 0.5:
            draft.add("\n\n\\boxed{", counted=False)
            draft.add(forced, EOS, counted=True)
            return draft.done()
    else:
        draft.add(thought, "\n", CLOSE, counted=True)
    draft.add("\n\n", answer, EOS, counted=True)
    return draft.done()


def _add_history(draft: _Draft, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 2)):
        if rng.random() < 0.15:
            question, answer = off_topic(rng), INTRODUCTION
        else:
            drawn = problem(rng.randint(1, 5), rng)
            question, answer = drawn.question, f"\\boxed{{{drawn.answer}}}"
        draft.add(USER, question.strip(), ASSISTANT, answer, EOS, counted=False)
