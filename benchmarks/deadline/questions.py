"""What is asked of either engine, and whether an answer is right."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.simulated.reasoner import Question
from benchmarks.simulated.server import MODEL as SIMULATED_MODEL
from quorate_verifiers import extract
from training.abacus.problems import problem

LONG_LEVELS = (6, 8, 9)
"""Chains of 120, 200 and 450 tokens of thought that the bundled reasoner gets right more often
than not."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it goes on the wire, and its answer."""

    body: Mapping[str, Any]
    answer: int

    def is_right(self, content: str) -> bool:
        """Whether a completion's content says the answer."""
        found = extract(content, "number")
        return found is not None and found.key == _key(self.answer)


Questions = Callable[[int], Asked]
"""The question of a number."""


def chains(levels: Sequence[int]) -> Questions:
    """Integer arithmetic of these levels, for the bundled reasoner."""

    def question(number: int) -> Asked:
        rng = random.Random(f"deadline {number}")
        drawn = problem(rng.choice(levels), rng)
        return Asked(_body("abacus", drawn.question), drawn.answer)

    return question


def simulated(number: int) -> Asked:
    """A question for the simulated reasoner."""
    question = Question(number)
    return Asked(_body(SIMULATED_MODEL, question.text), question.answer)


def _body(model: str, question: str) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": question}]}


def _key(answer: int) -> str | None:
    found = extract(str(answer), "number")
    return found.key if found is not None else None
