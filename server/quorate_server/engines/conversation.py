"""The small questions that find out what an engine is and can do."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from quorate_sampling.engine import Delta
from quorate_server.engines.abort import ABORT_PATH
from quorate_server.engines.chunks import chat_delta
from quorate_server.engines.refusal import refusal
from quorate_server.engines.sse import EventStream
from quorate_server.engines.unreadable import UNREADABLE
from quorate_server.errors import EngineError, EngineFailed, EngineRejected
from quorate_server.upstream import Header, Upstream

REQUEST_TIMEOUT_S = 30.0
PROBE_TOKENS = 4
"""Enough to see whether tokens come one by one or together."""

BEGAN_PATH = "/metrics?name%5B%5D=process_start_time_seconds"
"""Of all metrics only this one, where the engine takes a choice."""
_BEGAN = re.compile(rb"^process_start_time_seconds (\d[\d.]*(?:e\+?\d{1,2})?)\s*$", re.MULTILINE)


class Model(msgspec.Struct, frozen=True):
    """A model as an engine lists it."""

    id: str
    root: str | None = None
    max_model_len: int | None = None


class _Models(msgspec.Struct):
    data: tuple[Model, ...]


class _Version(msgspec.Struct):
    version: str


class _Choices(msgspec.Struct):
    choices: tuple[Any, ...]


class _Usage(msgspec.Struct):
    prompt_tokens: int


class _Answer(msgspec.Struct):
    usage: _Usage


class Conversation:
    """The questions a probe asks. Those with a bool for an answer take a refusal as a no."""

    def __init__(self, upstream: Upstream, headers: Sequence[Header]) -> None:
        self._upstream = upstream
        self._headers = (*headers, (b"content-type", b"application/json"))

    async def models(self) -> tuple[Model, ...]:
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

    async def began_at(self) -> float | None:
        """When the engine's process began, in seconds since 1970; None where it does not tell."""
        try:
            told = _BEGAN.search(await self._ask("GET", BEGAN_PATH))
            return None if told is None else float(told[1])
        except (ValueError, EngineError):
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

    async def prompt_tokens(self, model: str, extras: Mapping[str, Any]) -> int | None:
        """How long the engine says a prompt is; None where it does not."""
        try:
            body = _chat(model) | {"max_tokens": 1, **extras}
            answer = await self._ask("POST", "/v1/chat/completions", body)
            return msgspec.json.decode(answer, type=_Answer).usage.prompt_tokens
        except (*UNREADABLE, EngineRejected, EngineFailed):
            return None

    async def draws_two(self, model: str) -> bool:
        try:
            body = _chat(model) | {"n": 2, "max_tokens": 1}
            answer = await self._ask("POST", "/v1/chat/completions", body)
            return len(msgspec.json.decode(answer, type=_Choices).choices) == 2
        except (*UNREADABLE, EngineRejected, EngineFailed):
            return False

    async def takes_priority(self, model: str) -> bool:
        """Whether it schedules by priority: vLLM refuses any but 0 where it does not."""
        body = {"model": model, "prompt": "1", "max_tokens": 1, "priority": -1}
        return await self._accepts("/v1/completions", body)

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
