"""How each model family is brought from thinking to answering.

A *closer* ends the reasoning; an *opener* behind it leads straight into the answer, for kinds of
answer that have a form of their own. Sources: the families' chat templates; Qwen3's closer is the
one its authors publish for thinking budgets.
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
