"""What an engine is and can do, found out once by asking it for a few tokens."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from quorate_sampling.engine import Abilities, Delta
from quorate_server.engines.abort import ABORT_PATH
from quorate_server.engines.chunks import chat_delta
from quorate_server.engines.refusal import refusal
from quorate_server.engines.sse import EventStream
from quorate_server.engines.unreadable import UNREADABLE
from quorate_server.errors import EngineFailed, EngineRejected
from quorate_server.upstream import Header, Upstream

REQUEST_TIMEOUT_S = 30.0
PROBE_TOKENS = 4
"""Enough to see whether tokens come one by one or together."""

INSTEAD = {
    "token_ids": "no token ids: an unfinished thought cannot be closed, its sample is cut",
    "abort_by_id": "no abort by id: samples are stopped by closing the connection, and their bill"
    " is an upper bound",
    "exact_usage": "no usage in streams: it is estimated",
    "stream_interval": "no stream interval: tokens come one by one, which costs throughput",
    "n": "no n: a request for several choices gets what the engine makes of it",
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
    vLLM's, None where it is another kind of engine.
    """

    model_ids: tuple[str, ...]
    abilities: Abilities
    version: str | None
    max_model_len: int | None
    root: str | None

    def missing(self) -> list[str]:
        """For each missing ability, what is done instead."""
        return [told for name, told in INSTEAD.items() if not getattr(self.abilities, name)]


class _Model(msgspec.Struct):
    id: str
    root: str | None = None
    max_model_len: int | None = None


class _Models(msgspec.Struct):
    data: tuple[_Model, ...]


class _Version(msgspec.Struct):
    version: str


class _Choices(msgspec.Struct):
    choices: tuple[Any, ...]


async def probe(upstream: Upstream, headers: Sequence[Header]) -> EngineFacts:
    """Ask an endpoint what it serves and, with tiny requests, what it can do.

    Raises EngineError where it cannot be reached, refuses the key or lists no models.
    """
    conversation = _Conversation(upstream, (*headers, (b"content-type", b"application/json")))
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


async def _abilities(conversation: "_Conversation", model: str) -> Abilities:
    seen = await _seen_in_stream(conversation, model)
    prompt = next((d.prompt_token_ids for d in seen if d.prompt_token_ids), None)
    token_ids = any(d.token_ids for d in seen) and prompt is not None
    return Abilities(
        token_ids=token_ids and await conversation.takes_token_ids(model, prompt or ()),
        abort_by_id=await conversation.aborts(),
        exact_usage=any(d.usage for d in seen),
        stream_interval=any(len(d.token_ids) > 1 for d in seen),
        n=await conversation.draws_two(model),
    )


async def _seen_in_stream(conversation: "_Conversation", model: str) -> list[Delta]:
    for extras in (_FULL, _USAGE, _STREAM):
        try:
            return await conversation.stream(model, extras)
        except EngineRejected:
            continue
    return []


class _Conversation:
    """The questions a probe asks. Those with a bool for an answer take a refusal as a no."""

    def __init__(self, upstream: Upstream, headers: Sequence[Header]) -> None:
        self._upstream = upstream
        self._headers = headers

    async def models(self) -> tuple[_Model, ...]:
        try:
            listed = msgspec.json.decode(await self._ask("GET", "/v1/models"), type=_Models).data
        except (*UNREADABLE, EngineRejected) as error:
            raise EngineFailed(
                f"{self._upstream.base_url} does not list models as OpenAI's API does: {error}"
            ) from error
        if not listed:
            raise EngineFailed(f"{self._upstream.base_url} serves no model.")
        return listed

    async def version(self) -> str | None:
        try:
            answer = await self._ask("GET", "/version")
            return msgspec.json.decode(answer, type=_Version).version
        except (*UNREADABLE, EngineRejected, EngineFailed):
            return None

    async def stream(self, model: str, extras: Mapping[str, Any]) -> list[Delta]:
        answer = await self._ask("POST", "/v1/chat/completions", {**_chat(model), **extras})
        events = EventStream().feed(answer + b"\n")
        return [chat_delta(data) for data in events if data != b"[DONE]"]

    async def takes_token_ids(self, model: str, prompt: Sequence[int]) -> bool:
        body = {"model": model, "prompt": list(prompt), "max_tokens": 1}
        text = {"model": model, "prompt": "1", "add_special_tokens": False}
        return await self._accepts("/v1/completions", body) and await self._accepts(
            "/tokenize", text
        )

    async def draws_two(self, model: str) -> bool:
        try:
            body = _chat(model) | {"n": 2, "max_tokens": 1}
            answer = await self._ask("POST", "/v1/chat/completions", body)
            return len(msgspec.json.decode(answer, type=_Choices).choices) == 2
        except (*UNREADABLE, EngineRejected, EngineFailed):
            return False

    async def aborts(self) -> bool:
        return await self._accepts(ABORT_PATH, {"request_ids": ["quorate-probe"]})

    async def _accepts(self, path: str, body: Mapping[str, Any]) -> bool:
        try:
            await self._ask("POST", path, body)
        except (EngineRejected, EngineFailed):
            return False
        return True

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> bytes:
        encoded = b"" if body is None else msgspec.json.encode(body)
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                response = await self._upstream.send(
                    method, path, headers=self._headers, body=encoded
                )
                try:
                    answer = await response.read()
                finally:
                    response.close()
        except TimeoutError:
            raise EngineFailed(
                f"{self._upstream.base_url}{path} gave no answer in {REQUEST_TIMEOUT_S:g} s."
            ) from None
        if response.status >= 400:
            raise refusal(response.status, answer)
        return answer


def _chat(model: str) -> dict[str, Any]:
    question = {"role": "user", "content": "1+1="}
    return {"model": model, "messages": [question], "max_tokens": PROBE_TOKENS}
