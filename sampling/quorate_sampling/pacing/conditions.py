"""What a request's time to first token and time per token depend on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Conditions:
    """One request and the load it meets as it is sent, itself not counted.

    `prompt_tokens`: its whole prompt, of which `cached_tokens` are in the engine's prefix cache.
    `running`: requests that are generating. `waiting`: requests sent before it whose first token
    is not there yet, with prompts of `waiting_tokens` tokens in all still to be read.
    """

    prompt_tokens: float = 0
    cached_tokens: float = 0
    running: float = 0
    waiting: float = 0
    waiting_tokens: float = 0

    @property
    def new_tokens(self) -> float:
        """Tokens of the prompt that the engine still has to read."""
        return max(0.0, self.prompt_tokens - self.cached_tokens)


def first_token_features(under: Conditions) -> tuple[float, ...]:
    """What a time to first token is a sum of, in units that are about alike.

    A constant; the prompt's new tokens, and their attention to all before them; what the requests
    that generate take of each step; the requests ahead, and their prompts.
    """
    new = under.new_tokens
    return (
        1.0,
        new * 1e-3,
        new * under.prompt_tokens * 1e-7,
        under.running * 0.1,
        under.waiting * 0.1,
        under.waiting_tokens * 1e-3,
    )


def token_features(under: Conditions) -> tuple[float, ...]:
    """What a time per token is a sum of: a constant, what shares each step, its own context.

    Those that wait will soon generate beside it.
    """
    return (1.0, (under.running + under.waiting) * 0.1, under.prompt_tokens * 1e-4)


def load_features(under: Conditions) -> tuple[float, ...]:
    """What a closing's time is a sum of: a constant, and the requests beside it."""
    return (1.0, (under.running + under.waiting) * 0.1)
