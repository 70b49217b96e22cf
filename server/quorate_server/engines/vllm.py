"""An engine behind OpenAI's HTTP API: vLLM with all it can do, others with what they can."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from quorate_sampling.closers import Closing, PreparedClosing
from quorate_sampling.engine import Abilities, Continuation, Delta, Draw
from quorate_server.engines.abort import AbortBatch
from quorate_server.engines.bodies import continuation_body, draw_body, prompt_body, top_logprobs
from quorate_server.engines.chunks import answer_delta, chat_delta, text_delta
from quorate_server.engines.refusal import refusal
from quorate_server.engines.stream import HttpSample, StreamRequest
from quorate_server.engines.unparsed import Markers, Unparsed
from quorate_server.engines.unreadable import UNREADABLE
from quorate_server.errors import EngineFailed
from quorate_server.upstream import Header, Upstream

CHAT_PATH = "/v1/chat/completions"
COMPLETIONS_PATH = "/v1/completions"
TOKENIZE_PATH = "/tokenize"


class _Tokens(msgspec.Struct):
    tokens: tuple[int, ...]


_decode_tokens = msgspec.json.Decoder(_Tokens).decode


class HttpEngine:
    """An Engine over an Upstream. `headers` carry its API key, if it wants one.

    `unparsed` is the closing in token ids, where the engine leaves thoughts that the prompt begins
    in the content.
    """

    def __init__(
        self,
        upstream: Upstream,
        *,
        name: str,
        abilities: Abilities,
        closing: Closing | None = None,
        headers: Sequence[Header] = (),
        unparsed: PreparedClosing | None = None,
    ) -> None:
        self._unparsed = unparsed
        self._upstream = upstream
        self._name = name
        self._abilities = abilities
        self._closing = closing
        self._headers = (*headers, (b"content-type", b"application/json"))
        self._aborts = AbortBatch(upstream, headers) if abilities.abort_by_id else None

    @property
    def name(self) -> str:
        return self._name

    @property
    def abilities(self) -> Abilities:
        return self._abilities

    @property
    def closing(self) -> Closing | None:
        return self._closing

    def draw(self, draw: Draw) -> HttpSample:
        """Start one sample. Raises EngineError on iteration, never here."""
        body = draw_body(draw, self._abilities)
        limit = body.get("max_completion_tokens") or body.get("max_tokens")
        request = StreamRequest(
            sample_id=draw.sample_id,
            path=CHAT_PATH if draw.chat else COMPLETIONS_PATH,
            headers=self._request_headers(draw.sample_id),
            body=msgspec.json.encode(body),
            decode=self._chat_decoder() if draw.chat else _text_decoder(draw.body),
            chunk_tokens=self._chunk_tokens(draw.stream_interval),
            max_tokens=limit if isinstance(limit, int) else None,
        )
        return HttpSample(self._upstream, request, self._aborts)

    def resume(self, continuation: Continuation) -> HttpSample:
        """Go on with a cut sample: see `Engine`."""
        request = StreamRequest(
            sample_id=continuation.sample_id,
            path=COMPLETIONS_PATH if continuation.turn is None else CHAT_PATH,
            headers=self._request_headers(continuation.sample_id),
            body=msgspec.json.encode(continuation_body(continuation, self._abilities)),
            decode=self._answer_decoder(continuation),
            chunk_tokens=self._chunk_tokens(continuation.stream_interval),
            max_tokens=continuation.max_tokens,
        )
        return HttpSample(self._upstream, request, self._aborts)

    async def tokenize(self, text: str) -> tuple[int, ...]:
        """Token ids of a piece of text, without special tokens added around it."""
        return await self._tokens({"prompt": text, "add_special_tokens": False})

    async def prompt_ids(self, body: Mapping[str, Any]) -> tuple[int, ...]:
        """Token ids of a chat request's prompt, chat template applied."""
        return await self._tokens(prompt_body(body))

    async def _tokens(self, body: Mapping[str, Any]) -> tuple[int, ...]:
        response = await self._upstream.send(
            "POST", TOKENIZE_PATH, headers=self._headers, body=msgspec.json.encode(body)
        )
        try:
            answer = await response.read()
        finally:
            response.close()
        if response.status >= 400:
            raise refusal(response.status, answer)
        try:
            return _decode_tokens(answer).tokens
        except UNREADABLE as error:
            raise EngineFailed(f"The engine sent token ids that cannot be read: {error}") from error

    def _chat_decoder(self) -> Callable[[bytes], Delta]:
        if self._closing is None or not self._closing.start_marker:
            return chat_delta
        opens = self._unparsed.opens if self._unparsed is not None else None
        return Unparsed(Markers.of(self._closing), chat_delta, opens=opens)

    def _answer_decoder(self, continuation: Continuation) -> Callable[[bytes], Delta]:
        turn, closing = continuation.turn, self._closing
        if turn is not None and turn.ask and not self._abilities.thinking_off:
            return self._chat_decoder()
        shown = top_logprobs(continuation.body)
        decode = partial(text_delta, top_logprobs=shown) if turn is None else answer_delta
        if closing is None or not closing.answer_marks:
            return decode
        return Unparsed(Markers.of(closing), decode, "answer")

    def _request_headers(self, sample_id: str) -> tuple[Header, ...]:
        return (*self._headers, (b"x-request-id", sample_id.encode("ascii")))

    def _chunk_tokens(self, stream_interval: int) -> int:
        return stream_interval if self._abilities.stream_interval else 1


def _text_decoder(body: Mapping[str, Any]) -> Callable[[bytes], Delta]:
    alternatives = body.get("logprobs")
    return partial(text_delta, top_logprobs=alternatives if isinstance(alternatives, int) else 0)
