"""A reasoner without a network: it thinks for as long as a question needs, then answers in a box.

What it stands for is the shape that was measured on real reasoning models, not one of them:

- a question's thought has a log-normal length (median 600 tokens, σ 0.7 between questions and 0.25
  between samples of one), and harder questions take longer and come out wrong more often: from
  0.97 right for the easiest to 0.67 for the hardest when thought through;
- with the thought closed from the start 0.75 to 0.05 are right: thinking buys much, and not all
  ("Reasoning models can be effective without thinking", arXiv 2504.09858);
- a thought cut short is worth what had been found by then. A sample knows its final answer after
  0.3 to 1.0 of its thought, uniformly, and before that answers as if it had not thought at all:
  averaged over samples and questions, accuracy grows about with the logarithm of the tokens
  thought (s1, arXiv 2501.19393; the answer is often there long before the thought ends: Dynasor,
  arXiv 2412.20993);
- a wrong answer is the question's usual mistake four times of ten, else one of eight others;
- an answer is one short sentence, where a real one may be a page.

Everything follows from the text before it, as with a real model: a thought's first words, which
the seed draws, decide the rest. The same question and seed give the same sample, and a thought
that is cut and goes on elsewhere remains the same thought.
"""

import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from benchmarks.simulated.vocabulary import END, THINK, THINK_END, Vocabulary

MEDIAN_THOUGHT_TOKENS = 600
BETWEEN_QUESTIONS = 0.7
BETWEEN_SAMPLES = 0.25
KNOWN_AFTER = (0.3, 1.0)
USUAL_MISTAKE = 0.4
OTHER_MISTAKES = 8
SIGN_TOKENS = 4
"""So many first tokens of a thought tell it from every other."""
FILLER_TOKENS = 8192
LONGEST_THOUGHT = 6000

_ASKED = re.compile(r"question (\d+)")
_WORDS = re.findall(
    r"\w+",
    "so then if we take the number of these and add what is left over it follows that each one"
    " has to be counted once but wait maybe twice let me check this again from the other side",
)


@dataclass(frozen=True, slots=True)
class Question:
    """One question: how long it has to be thought about, and how often that helps."""

    number: int

    @property
    def text(self) -> str:
        return (
            f"This is question {self.number}: how many ways are there to fill the boxes of row"
            f" {self.number % 97} with the letters of line {self.number % 89}, in order?"
        )

    @property
    def answer(self) -> int:
        return 100 + (self.number * 7919) % 900

    @property
    def difficulty(self) -> float:
        """Uniform between 0 and 1."""
        return random.Random(f"difficulty of {self.number}").uniform(0.001, 0.999)

    @property
    def thought_tokens(self) -> float:
        """Median length of its thoughts."""
        spread = NormalDist().inv_cdf(self.difficulty)
        return MEDIAN_THOUGHT_TOKENS * math.exp(BETWEEN_QUESTIONS * spread)

    @property
    def right_unthought(self) -> float:
        """P(right) with the thought closed before it began."""
        return 0.75 - 0.70 * self.difficulty

    @property
    def right_thought(self) -> float:
        """P(right) when thought through."""
        return 0.97 - 0.30 * self.difficulty

    @classmethod
    def asked_in(cls, text: str) -> "Question":
        """The last one a text asks; whatever else it says is a question too."""
        asked = _ASKED.findall(text)
        return cls(int(asked[-1]) if asked else sum(text.encode()) % 10_000)


@dataclass(frozen=True, slots=True)
class Sample:
    """One way of thinking about a question: how it would end, were it thought through or cut."""

    question: Question
    sign: str

    def thought_tokens(self) -> int:
        """How long it thinks if nobody cuts it short."""
        length = self.question.thought_tokens * self._draw("length").lognormvariate(
            0.0, BETWEEN_SAMPLES
        )
        return min(LONGEST_THOUGHT, max(SIGN_TOKENS, round(length)))

    def answer(self, thought_tokens: int) -> int:
        """What it says after so much thinking. More thinking never makes a right answer wrong."""
        known_after = self._draw("known").uniform(*KNOWN_AFTER) * self.thought_tokens()
        knows = thought_tokens >= known_after
        likely = self.question.right_thought if knows else self.question.right_unthought
        if self._draw("right").random() < likely:
            return self.question.answer
        mistake = self._draw("mistake")
        which = 1 if mistake.random() < USUAL_MISTAKE else mistake.randint(2, 1 + OTHER_MISTAKES)
        return self.question.answer + which

    def _draw(self, what: str) -> random.Random:
        return random.Random(f"{self.question.number} {self.sign} {what}")


class Reasoner:
    """Says what comes after a prompt, in one vocabulary's token ids."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        words = [vocabulary.id(f" {word}") for word in _WORDS]
        self._words = words
        self._filler = random.Random(0).choices(words, k=FILLER_TOKENS)
        self._think = vocabulary.id(THINK)
        self._think_end = vocabulary.id(THINK_END)
        self._opener = vocabulary.id("\\boxed{")

    @property
    def think_end(self) -> int:
        """The id of the marker behind a thought."""
        return self._think_end

    def thinks_behind(self, prompt: Sequence[int]) -> bool:
        """Whether a prompt leaves a thought open."""
        begins = _last(self._think, prompt)
        return begins is not None and self._think_end not in prompt[begins:]

    def goes_on(
        self, prompt: Sequence[int], seed: int, *, thinking_tokens: int | None = None
    ) -> list[int]:
        """All it would say after `prompt`, its end marker included.

        A thought that the prompt has opened, and maybe begun, is thought on and closed, after at
        most `thinking_tokens` more; one that the prompt has closed is answered from.
        """
        prompt = list(prompt)
        begins = _last(self._think, prompt)
        question = Question.asked_in(self._vocabulary.text(prompt[:begins]))
        thought = [] if begins is None else prompt[begins + 2 :]  # behind the marker and its line
        if self._think_end in thought:
            ends = thought.index(self._think_end)
            sample = self._sample(question, thought[:ends], seed)
            return self._answer(sample.answer(ends), opened=self._opener in thought[ends:])
        if begins is None:
            return self._answer(self._sample(question, [], seed).answer(0), opened=False)
        missing = max(0, SIGN_TOKENS - len(thought))
        first = random.Random(f"{question.number} {seed}").choices(self._words, k=missing)
        sample = self._sample(question, thought + first, seed)
        more = max(1, sample.thought_tokens() - len(thought))
        if thinking_tokens is not None:
            more = min(more, thinking_tokens)
        said = (first + self._thoughts(sample, more))[:more]
        answer = self._answer(sample.answer(len(thought) + more), opened=False)
        return [*said, self._think_end, self._vocabulary.id("\n\n"), *answer]

    def pads(self, tokens: int) -> list[int]:
        """What is said by one who may not end."""
        return (self._filler * (tokens // FILLER_TOKENS + 1))[:tokens]

    def _sample(self, question: Question, thought: list[int], seed: int) -> Sample:
        sign = thought[:SIGN_TOKENS] if len(thought) >= SIGN_TOKENS else f"seed {seed}"
        return Sample(question, str(sign))

    def _thoughts(self, sample: Sample, tokens: int) -> list[int]:
        start = random.Random(sample.sign).randrange(FILLER_TOKENS - LONGEST_THOUGHT)
        return self._filler[start : start + tokens]

    def _answer(self, number: int, *, opened: bool) -> list[int]:
        words = f"{number}}}" if opened else f"The answer is \\boxed{{{number}}}."
        return [*self._vocabulary.ids(words), END]


def _last(token: int, ids: Sequence[int]) -> int | None:
    for place in range(len(ids) - 1, -1, -1):
        if ids[place] == token:
            return place
    return None
