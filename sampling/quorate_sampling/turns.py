"""Cutting a thought short where there are no token ids: in turns of the conversation."""

from dataclasses import dataclass
from typing import Literal

Textually = Literal["prefix", "bare_prefix", "ask_again"]
"""What the chat template of a family leaves of a thought that is told back to the model.

`prefix`: all of it, so that the assistant's message goes on behind the end of the thought;
`bare_prefix`: nothing of what stands before an end marker, so the message goes on behind the
thought without its markers; `ask_again`: a message cannot go on, so the answer is asked for.
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """A cut sample as text.

    `said` is the assistant's message so far, which goes on; or, where there is something to `ask`,
    ends, and is followed by a user's turn.
    """

    said: str
    ask: str = ""


@dataclass(frozen=True, slots=True)
class TextClosing:
    """The words around a cut thought: `before` and `behind` it, or what is asked in a new turn."""

    before: str = ""
    behind: str = ""
    ask: str = ""

    def turn(self, thought: str, answer: str) -> Turn:
        """The sample as far as it came; `answer` is its opener, or what there is of its answer.

        A character that was cut in two is left out of the thought.
        """
        told = thought.rstrip("\ufffd").strip()
        return Turn(told, self.ask) if self.ask else Turn(self.before + told + self.behind + answer)
