"""How long answers behind closed thoughts are: what has to be kept free for one."""

from collections import deque
from dataclasses import dataclass, field

WINDOW = 128
ENOUGH = 16
"""Answers seen before their lengths are believed."""
LONGEST = 0.95
SPARE_TOKENS = 2


@dataclass(slots=True)
class AnswerLengths:
    """The latest answers of one model behind one closer, in tokens of its own."""

    _seen: deque[int] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def saw(self, tokens: int) -> None:
        """Note an answer; of one that was cut off, what came of it."""
        self._seen.append(max(0, tokens))

    def expected(self, before: int) -> int:
        """How many tokens nearly all answers keep to; `before` enough were seen."""
        if len(self._seen) < ENOUGH:
            return before
        ordered = sorted(self._seen)
        return ordered[min(len(ordered) - 1, int(LONGEST * len(ordered)))] + SPARE_TOKENS
