"""What an engine is predicted to need for one request's samples: all that a plan knows of it."""

from dataclasses import dataclass

from quorate_sampling.pace import Pace

LIKELY = 0.5
SLOW = 0.95


@dataclass(frozen=True, slots=True)
class Outlook:
    """Predictions under the load as it is, in seconds unless they say otherwise.

    `first_token_s` and `token_s` are medians: what a thought will probably get. The rest is
    cautious, 95th percentiles: `closed_s` is a sample whose thought is closed from the start,
    `sample_s` one that thinks to its own end; `sample_tokens` how long such a one is, the median.
    None before any was seen. `measured`: whether the engine was ever seen to close a thought, so
    that these are more than guesses.
    """

    first_token_s: float
    token_s: float
    closed_s: float
    sample_s: float | None = None
    sample_tokens: float | None = None
    measured: bool = True

    def thinking_tokens(self, seconds: float) -> int:
        """How long a thought will get that is asked for now and closed in `seconds`."""
        return max(0, int((seconds - self.first_token_s) / max(self.token_s, 1e-6)))


def outlook(pace: Pace, *, answer_tokens: int, prompt_tokens: int, together: int = 1) -> Outlook:
    """What the engine is predicted to need for `together` samples that are sent at once now."""
    under = pace.conditions(prompt_tokens=prompt_tokens, more=max(0, together - 1))
    return Outlook(
        first_token_s=pace.first_token_s(LIKELY, under),
        token_s=pace.token_s(LIKELY, under),
        closed_s=pace.first_token_s(SLOW, under) + answer_tokens * pace.token_s(SLOW, under),
        sample_s=pace.sample_s(SLOW, under),
        sample_tokens=pace.sample_tokens(),
        measured=pace.shortest_answer_s() > 0,
    )
