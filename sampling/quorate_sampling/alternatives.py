"""Log-probabilities: what a group needs of the engine, and what of them its client asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from quorate_sampling.engine import Delta


@dataclass(frozen=True, slots=True)
class Alternatives:
    """A request's body with the log-probabilities that a group needs.

    `shown` is how many alternatives a token the client is to see, None for no log-probabilities
    at all; `surplus` whether the engine is asked for more than that.
    """

    body: Mapping[str, Any]
    shown: int | None = None
    surplus: bool = False

    @property
    def shows_any(self) -> bool:
        """Whether the client is to see log-probabilities at all."""
        return self.shown is not None if self.surplus else bool(self.body.get("logprobs"))

    def shown_of(self, delta: Delta) -> Delta:
        """A piece as the client asked for it: what the group alone needs is taken off."""
        if not self.surplus or not delta.logprobs:
            return delta
        if self.shown is None:
            return replace(delta, logprobs=())
        return replace(delta, logprobs=tuple(_first(entry, self.shown) for entry in delta.logprobs))


def alternatives(body: Mapping[str, Any], needed: int | None, *, chat: bool = True) -> Alternatives:
    """Ask for `needed` alternatives a token, and for what the client asked for if that is more.

    `needed` is None where the group needs no log-probabilities. What the engine will refuse is
    left as it is.
    """
    own = _asked_for(body, chat=chat)
    if needed is None or (own is not None and not 0 <= own < needed):
        return Alternatives(body)
    if chat:
        widened = {**body, "logprobs": True, "top_logprobs": needed}
    else:
        widened = {**body, "logprobs": needed}
    return Alternatives(widened, own, surplus=True)


def placed_entries(token_ids: Sequence[int]) -> tuple[Mapping[str, Any], ...]:
    """Tokens that were put there rather than drawn, among log-probabilities in chat's shape.

    They are `forced`, and as sure as can be, so that a sum is of what was drawn. They are named by
    their ids, as vLLM names tokens where it is asked to (`return_tokens_as_token_ids`).
    """
    return tuple(
        {
            "token": f"token_id:{token_id}",
            "logprob": 0.0,
            "bytes": None,
            "top_logprobs": [],
            "forced": True,
        }
        for token_id in token_ids
    )


def _asked_for(body: Mapping[str, Any], *, chat: bool) -> int | None:
    """How many alternatives the client asks for; None for no log-probabilities.

    Below 0: all of them, as vLLM has it, or something that is no number.
    """
    asked = body.get("logprobs")
    if asked is None or asked is False:
        return None
    if chat:
        asked = body.get("top_logprobs") or 0
    return asked if isinstance(asked, int) and not isinstance(asked, bool) else -1


def _first(entry: Mapping[str, Any], count: int) -> Mapping[str, Any]:
    return {**entry, "top_logprobs": list(entry.get("top_logprobs") or ())[:count]}
