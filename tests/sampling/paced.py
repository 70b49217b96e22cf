"""A pace that has seen an engine of given speed, for planning with."""

from quorate_sampling.pace import Pace


class TurnedClock:
    """A clock that goes on only when it is turned."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def paced(
    *,
    first_token_s: float = 0.1,
    token_s: float = 0.01,
    tokens: int = 100,
    prompt_tokens: int = 3,
    closing_s: float | None = None,
    times: int = 20,
) -> Pace:
    """A pace after so many whole samples, one after another, and as many closings if any."""
    pace, clock = Pace(), TurnedClock()
    for _ in range(times):
        watch(pace, clock, first_token_s, token_s, tokens, prompt_tokens)
        if closing_s is not None:
            pace.closed(closing_s, whole=True)
    return pace


def watch(
    pace: Pace,
    clock: TurnedClock,
    first_token_s: float,
    token_s: float,
    tokens: int = 100,
    prompt_tokens: int = 3,
) -> None:
    """Have a pace see one whole sample on an engine that does nothing else."""
    timing = pace.sent(prompt_tokens, clock=clock)
    clock.now += first_token_s
    timing.first_token()
    clock.now += token_s * (tokens - 1)
    timing.ended(tokens, whole=True)
