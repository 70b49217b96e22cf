"""What a request will need of an engine, predicted from its pace.

Medians, but where something is told to be impossible: whoever is let in has its thought closed in
time whatever the engine does, so that a bold guess costs an answer at most, and a timid one is an
answer refused for certain.
"""

from quorate_sampling.pace import Pace
from quorate_sampling.pacing import Conditions

ANSWER_TOKENS = 8
"""An answer that is asked for in a hurry is about so long."""
LEAST_BUDGET_S = 0.02
"""Before an engine's pace is known: no answer was ever given faster."""
EARLY = 0.05
"""Of all first tokens so many come sooner than what is taken to be the least time for one."""
UNKNOWN_SAMPLE_S = 1.0
"""What a sample is taken to last before one was seen."""


def idle_s(pace: Pace, prompt_tokens: int, answer_tokens: int | None = None) -> float:
    """The least time for an answer on this engine if it had nothing else to do, in seconds.

    The fastest it was ever seen to be, and what a prompt of this length takes longer to read than
    none. Before it was seen to do anything, next to nothing is out of its reach. `answer_tokens`:
    how many answer a request that closes no thought; then it is the time in which they come where
    the first one comes early.
    """
    if answer_tokens is not None:
        return max(
            LEAST_BUDGET_S, _answering_s(pace, EARLY, Conditions(prompt_tokens), answer_tokens)
        )
    seen_s = pace.shortest_answer_s()
    if not seen_s:
        return LEAST_BUDGET_S
    reading_s = first_s(pace, prompt_tokens) - first_s(pace, 0)
    return max(LEAST_BUDGET_S, seen_s + max(0.0, reading_s))


def least_s(pace: Pace, prompt_tokens: int, answer_tokens: int | None = None) -> float:
    """The least time for an answer on this engine under its present load, in seconds."""
    idle = idle_s(pace, prompt_tokens, answer_tokens)
    under = pace.conditions(prompt_tokens)
    if answer_tokens is not None:
        return max(idle, _answering_s(pace, 0.5, under, answer_tokens))
    if not pace.shortest_answer_s():
        return idle
    token_s = pace.token_s(0.5, under=under)
    return max(idle, pace.first_token_s(0.5, under=under) + ANSWER_TOKENS * token_s)


def first_s(pace: Pace, prompt_tokens: int) -> float:
    """The time to first token on this engine if it had nothing else to do, in seconds."""
    return pace.first_token_s(0.5, under=Conditions(prompt_tokens))


def typical_s(pace: Pace, token_limit: int | None = None) -> float:
    """How long a sample takes that nothing hurries and that may have so many tokens, in seconds."""
    tokens = pace.sample_tokens(0.5)
    if tokens is None:
        return UNKNOWN_SAMPLE_S
    allowed = tokens if token_limit is None else max(1, min(tokens, token_limit))
    return pace.first_token_s(0.5) + allowed * pace.token_s(0.5)


def _answering_s(pace: Pace, q: float, under: Conditions, tokens: int) -> float:
    """0.0 before the engine was seen to do anything: no request is refused on a guess."""
    if not pace.learnt:
        return 0.0
    return pace.first_token_s(q, under=under) + (tokens - 1) * pace.token_s(q, under=under)
