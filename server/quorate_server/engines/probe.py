"""What an engine is and can do, found out once by asking it for a few tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from quorate_sampling.engine import Abilities, Delta
from quorate_server.engines.conversation import Conversation
from quorate_server.errors import EngineRejected
from quorate_server.upstream import Header, Upstream

INSTEAD = {
    "token_ids": "no token ids: an unfinished thought is closed in words, not exactly where it was",
    "abort_by_id": "no abort by id: samples are stopped by closing the connection, and their bill"
    " is an upper bound",
    "exact_usage": "no usage in streams: it is estimated",
    "stream_interval": "no stream interval: tokens come one by one, which costs throughput",
    "n": "no n: a request for several choices gets what the engine makes of it",
    "thinking_budget": "no thinking budget: the gateway alone ends thoughts, and none in a request"
    " with tools",
}
"""What is missing, and what is done about it."""

# From the most that can be asked to the least: what an endpoint refuses is left out.
_STREAM: dict[str, Any] = {"stream": True}
_USAGE: dict[str, Any] = {**_STREAM, "stream_options": {"include_usage": True}}
_FULL: dict[str, Any] = {
    **_USAGE,
    "return_token_ids": True,
    "stream_interval": 64,
    "ignore_eos": True,
}


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What a probe found.

    `root` is the model's folder or name on the Hub where the engine tells it; `version` is
    vLLM's, None where it is another kind of engine. `thinks` is whether its model is known to.
    """

    model_ids: tuple[str, ...]
    abilities: Abilities
    version: str | None
    max_model_len: int | None
    root: str | None
    thinks: bool = False

    def missing(self) -> list[str]:
        """For each missing ability, what is done instead."""
        return [
            told
            for name, told in INSTEAD.items()
            if not getattr(self.abilities, name) and (self.thinks or name != "thinking_budget")
        ]


async def probe(upstream: Upstream, headers: Sequence[Header]) -> EngineFacts:
    """Ask an endpoint what it serves and, with tiny requests, what it can do.

    Raises EngineError where it cannot be reached, refuses the key or lists no models.
    """
    conversation = Conversation(upstream, headers)
    models = await conversation.models()
    version = await conversation.version()
    model = models[0]
    return EngineFacts(
        model_ids=tuple(m.id for m in models),
        abilities=await _abilities(conversation, model.id),
        version=version,
        max_model_len=model.max_model_len,
        root=model.root,
    )


async def _abilities(conversation: Conversation, model: str) -> Abilities:
    seen = await _seen_in_stream(conversation, model)
    prompt = next((d.prompt_token_ids for d in seen if d.prompt_token_ids), None)
    token_ids = any(d.token_ids for d in seen) and prompt is not None
    return Abilities(
        token_ids=token_ids and await conversation.takes_token_ids(model, prompt or ()),
        abort_by_id=await conversation.aborts(),
        exact_usage=any(d.usage for d in seen),
        stream_interval=any(len(d.token_ids) > 1 for d in seen),
        n=await conversation.draws_two(model),
        priority=await conversation.takes_priority(model),
    )


async def _seen_in_stream(conversation: Conversation, model: str) -> list[Delta]:
    for extras in (_FULL, _USAGE, _STREAM):
        try:
            return await conversation.stream(model, extras)
        except EngineRejected:
            continue
    return []
