"""How each model family is brought from thinking to answering.

A *closer* ends the reasoning; an *opener* behind it leads straight into the answer, for kinds of
answer that have a form of their own. Which family has which is the engine's to know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from quorate_sampling.turns import TextClosing, Textually

PROMPT_END = 8
"""Tokens at the end of a prompt in which a thought that is closed from the start ends."""

CutThoughts = Literal["useful", "worthless"]
"""What answers are worth whose thoughts were ended for time."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The words that end a thought.

    `end_marker` is the model's own end of thought: once it was generated there is nothing to
    close. `closer` includes it, and begins with `last_words`, the part that still belongs to the
    reasoning. `boxed_opener` leads into a boxed answer.

    `start_marker` begins a thought, in the prompt or as the model's own first words. `skipped`
    stands for a whole thought that is left out, where the model would begin one itself; "" where
    that is not known.

    `answer_marks` are words around an answer that are no part of it. `textually` is what is left of
    a thought that the model is told in text. `cut_thoughts`: what it is worth to close one early.
    """

    family: str
    end_marker: str
    closer: str
    boxed_opener: str = ""
    last_words: str = ""
    start_marker: str = ""
    skipped: str = ""
    answer_marks: tuple[str, ...] = ()
    textually: Textually = "ask_again"
    cut_thoughts: CutThoughts = "useful"

    @property
    def at_once(self) -> str:
        """The closer of a thought that has only been opened: nothing is to be said of it."""
        return self.closer.removeprefix(self.last_words)


@dataclass(frozen=True, slots=True)
class PreparedClosing:
    """A closing in one engine's token ids, ready to be put behind a cut thought.

    `token_ids` are those of the closer and the opener, `end_ids` and `start_ids` of the markers.
    `at_once_ids` close a thought that has only been opened, `skipped_ids` stand for one that was
    not even opened; both end with the opener. Where the engine has no token ids, all are empty, and
    `text` says how the thought is closed in words. `cut_thoughts` is as in `Closing`.
    """

    token_ids: tuple[int, ...]
    end_ids: tuple[int, ...]
    last_words: str
    opener: str
    start_ids: tuple[int, ...] = ()
    at_once_ids: tuple[int, ...] = ()
    skipped_ids: tuple[int, ...] = ()
    text: TextClosing | None = None
    cut_thoughts: CutThoughts = "useful"

    def ended_in(self, token_ids: Sequence[int]) -> int | None:
        """Where in `token_ids` the thought ended by itself; None if it is still open."""
        return find(self.end_ids, token_ids)

    def closes(self, prompt: Sequence[int]) -> bool:
        """Whether a prompt leaves no thought to close: it ends behind the end of one.

        That is how chat templates switch thinking off.
        """
        return find(self.end_ids, prompt[-PROMPT_END:]) is not None

    def opens(self, prompt: Sequence[int]) -> bool:
        """Whether a prompt ends with a thought already begun."""
        return find(self.start_ids, prompt[-PROMPT_END:]) is not None and not self.closes(prompt)

    def budget_span(
        self, prompt: Sequence[int], token_ids: Sequence[int], budget: int
    ) -> tuple[int, int] | None:
        """Positions in `token_ids` of the end that an engine put to a thought of `budget` tokens.

        None where the thought ended by itself, or not at all. Engines count from behind the start
        marker, in the prompt too.
        """
        end = self.ended_in(token_ids)
        if end is None:
            return None
        begins = _behind(self.start_ids, token_ids[:end]) or 0
        if self.opens(prompt):
            begins = (_behind(self.start_ids, prompt[-PROMPT_END:]) or 0) - len(
                prompt[-PROMPT_END:]
            )
        if end - begins < budget:
            return None
        return max(0, begins + budget), end + len(self.end_ids)

    def from_start(self, prompt: Sequence[int]) -> tuple[int, ...]:
        """The tokens behind a prompt that close its thought before it begins, opener included.

        Empty where the prompt closes it already, and where it is not known how.
        """
        if self.closes(prompt):
            return ()
        return self.at_once_ids if self.opens(prompt) else self.skipped_ids

    def behind(self, prompt: Sequence[int], thought: Sequence[int]) -> tuple[int, ...]:
        """The tokens that close a thought behind exactly these, opener included.

        A marker that was cut in two is completed, never begun again.
        """
        if not thought:
            return self.from_start(prompt) or (() if self.closes(prompt) else self.token_ids)
        opened = begun(self.start_ids, thought) if len(thought) < len(self.start_ids) else 0
        if opened == len(thought):
            return self.start_ids[opened:] + self.token_ids
        return self.token_ids[begun(self.token_ids, thought) :]


def find(needle: Sequence[int], ids: Sequence[int]) -> int | None:
    """Where `needle` first stands in `ids`; None if it does not, or is empty."""
    if not needle:
        return None
    start = -1
    while True:
        try:
            start = ids.index(needle[0], start + 1)
        except ValueError:
            return None
        if tuple(ids[start : start + len(needle)]) == tuple(needle):
            return start


def _behind(needle: Sequence[int], ids: Sequence[int]) -> int | None:
    start = find(needle, ids)
    return None if start is None else start + len(needle)


def begun(sequence: Sequence[int], ids: Sequence[int]) -> int:
    """How many tokens of `sequence` stand at the very end of `ids`, less than all of them."""
    for length in range(min(len(sequence) - 1, len(ids)), 0, -1):
        if tuple(ids[-length:]) == tuple(sequence[:length]):
            return length
    return 0
