"""What a request will need of an engine, predicted from its pace."""

from dataclasses import replace

from quorate_sampling.pace import Pace
from quorate_sampling.pacing import Conditions

ANSWER_TOKENS = 8
"""An answer that is asked for in a hurry is about so long."""
LEAST_BUDGET_S = 0.02
"""Before an engine's pace is known: no answer was ever given faster."""
CAREFUL = 0.75
"""The quantile of an engine's times that a promise is made with."""
UNKNOWN_SAMPLE_S = 1.0
"""What a sample is taken to last before one was seen."""


def idle_s(pace: Pace, prompt_tokens: int) -> float:
    """The least time for an answer on this engine if it had nothing else to do, in seconds.

    The fastest it was ever seen to be, and what a prompt of this length takes longer to read.
    Before it was seen to do anything next to nothing is out of its reach.
    """
    seen_s = pace.shortest_answer_s()
    if not seen_s:
        return LEAST_BUDGET_S
    return max(LEAST_BUDGET_S, seen_s) + _reading_s(pace, 0.5, Conditions(prompt_tokens))


def least_s(pace: Pace, prompt_tokens: int) -> float:
    """The least time for an answer on this engine under its present load, in seconds."""
    if not pace.shortest_answer_s():
        return LEAST_BUDGET_S
    under = pace.conditions(prompt_tokens)
    slowdown = _short_answer_s(pace, CAREFUL, _of_no_prompt(under)) / _short_answer_s(
        pace, 0.5, Conditions()
    )
    loaded_s = pace.shortest_answer_s() * slowdown + _reading_s(pace, CAREFUL, under)
    return max(idle_s(pace, prompt_tokens), loaded_s)


def typical_s(pace: Pace) -> float:
    """How long a sample takes that nothing hurries."""
    seconds = pace.sample_s(0.5)
    return UNKNOWN_SAMPLE_S if seconds is None else seconds


def _short_answer_s(pace: Pace, q: float, under: Conditions) -> float:
    return pace.first_token_s(q, under=under) + ANSWER_TOKENS * pace.token_s(q, under=under)


def _reading_s(pace: Pace, q: float, under: Conditions) -> float:
    """How much longer the first token takes than that of an empty prompt."""
    whole, rest = pace.first_token_s(q, under=under), _of_no_prompt(under)
    return max(0.0, whole - pace.first_token_s(q, under=rest))


def _of_no_prompt(under: Conditions) -> Conditions:
    return replace(under, prompt_tokens=0, cached_tokens=0)
