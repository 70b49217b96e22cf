"""What a request will need of an engine, predicted from its pace.

Medians throughout: whoever is let in has its thought closed in time whatever the engine does, so
that a bold guess costs an answer at most, and a timid one is an answer refused for certain.
"""

from quorate_sampling.pace import Pace
from quorate_sampling.pacing import Conditions

ANSWER_TOKENS = 8
"""An answer that is asked for in a hurry is about so long."""
LEAST_BUDGET_S = 0.02
"""Before an engine's pace is known: no answer was ever given faster."""
UNKNOWN_SAMPLE_S = 1.0
"""What a sample is taken to last before one was seen."""


def idle_s(pace: Pace, prompt_tokens: int) -> float:
    """The least time for an answer on this engine if it had nothing else to do, in seconds.

    The fastest it was ever seen to be, and what a prompt of this length takes longer to read than
    none. Before it was seen to do anything, next to nothing is out of its reach.
    """
    seen_s = pace.shortest_answer_s()
    if not seen_s:
        return LEAST_BUDGET_S
    reading_s = first_s(pace, prompt_tokens) - first_s(pace, 0)
    return max(LEAST_BUDGET_S, seen_s + max(0.0, reading_s))


def least_s(pace: Pace, prompt_tokens: int) -> float:
    """The least time for an answer on this engine under its present load, in seconds."""
    idle = idle_s(pace, prompt_tokens)
    if not pace.shortest_answer_s():
        return idle
    under = pace.conditions(prompt_tokens)
    token_s = pace.token_s(0.5, under=under)
    return max(idle, pace.first_token_s(0.5, under=under) + ANSWER_TOKENS * token_s)


def first_s(pace: Pace, prompt_tokens: int) -> float:
    """The time to first token on this engine if it had nothing else to do, in seconds."""
    return pace.first_token_s(0.5, under=Conditions(prompt_tokens))


def typical_s(pace: Pace) -> float:
    """How long a sample takes that nothing hurries, in seconds."""
    seconds = pace.sample_s(0.5)
    return UNKNOWN_SAMPLE_S if seconds is None else seconds
