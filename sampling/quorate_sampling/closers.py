"""How each model family is brought from thinking to answering.

A *closer* ends the reasoning; an *opener* behind it leads straight into the answer, for kinds of
answer that have a form of their own. Which family has which is the engine's to know.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Closing:
    """The words that end a thought.

    `end_marker` is the model's own end of thought: once it was generated there is nothing to
    close. `closer` includes it. `boxed_opener` leads into a boxed answer.
    """

    family: str
    end_marker: str
    closer: str
    boxed_opener: str = ""

    @property
    def last_words(self) -> str:
        """The part of the closer that still belongs to the reasoning."""
        return self.closer.partition(self.end_marker)[0].strip()


@dataclass(frozen=True, slots=True)
class PreparedClosing:
    """A closing in one engine's token ids, ready to be put behind a cut thought.

    `token_ids` are those of the closer and the opener, `end_ids` of the end marker.
    """

    token_ids: tuple[int, ...]
    end_ids: tuple[int, ...]
    last_words: str
    opener: str

    def ended_in(self, token_ids: tuple[int, ...]) -> int | None:
        """Where in `token_ids` the thought ended by itself; None if it is still open."""
        start = -1
        while True:
            try:
                start = token_ids.index(self.end_ids[0], start + 1)
            except ValueError:
                return None
            if token_ids[start : start + len(self.end_ids)] == self.end_ids:
                return start
