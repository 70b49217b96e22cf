"""The chunks of a streamed completion, decoded and turned into pieces of a sample."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from quorate_sampling.engine import Delta, EngineUsage
from quorate_server.engines.unreadable import UNREADABLE
from quorate_server.errors import EngineFailed


class _Usage(msgspec.Struct, gc=False):
    prompt_tokens: int = 0
    completion_tokens: int | None = 0


class _ChatDelta(msgspec.Struct):
    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: tuple[dict[str, Any], ...] | None = None


class _ChatLogprobs(msgspec.Struct):
    content: tuple[dict[str, Any], ...] | None = None


class _ChatChoice(msgspec.Struct):
    delta: _ChatDelta = msgspec.field(default_factory=_ChatDelta)
    logprobs: _ChatLogprobs | None = None
    finish_reason: str | None = None
    token_ids: tuple[int, ...] | None = None


class _ChatChunk(msgspec.Struct):
    choices: tuple[_ChatChoice, ...] = ()
    prompt_token_ids: tuple[int, ...] | None = None
    usage: _Usage | None = None
    error: Any = None


class _TextLogprobs(msgspec.Struct):
    tokens: tuple[str, ...] = ()
    token_logprobs: tuple[float | None, ...] = ()
    top_logprobs: tuple[dict[str, float] | None, ...] | None = None


class _TextChoice(msgspec.Struct):
    text: str | None = None
    logprobs: _TextLogprobs | None = None
    finish_reason: str | None = None
    token_ids: tuple[int, ...] | None = None
    prompt_token_ids: tuple[int, ...] | None = None


class _TextChunk(msgspec.Struct):
    choices: tuple[_TextChoice, ...] = ()
    usage: _Usage | None = None
    error: Any = None


_decode_chat = msgspec.json.Decoder(_ChatChunk).decode
_decode_text = msgspec.json.Decoder(_TextChunk).decode


def chat_delta(data: bytes) -> Delta:
    """One chunk of a streamed chat completion; all but empty where there is nothing in it.

    Raises EngineFailed where it is no such chunk, or an error the engine reports mid-stream.
    """
    try:
        chunk = _decode_chat(data)
    except UNREADABLE as error:
        raise EngineFailed(f"The engine sent a chunk that cannot be read: {error}") from error
    if chunk.error is not None:
        raise EngineFailed(_reported(chunk.error))
    usage = _usage(chunk.usage)
    if not chunk.choices:
        return Delta(prompt_token_ids=chunk.prompt_token_ids, usage=usage)
    choice = chunk.choices[0]
    delta = choice.delta
    return Delta(
        delta.reasoning or delta.reasoning_content or "",
        delta.content or "",
        choice.token_ids or (),
        chunk.prompt_token_ids,
        choice.logprobs.content or () if choice.logprobs else (),
        delta.tool_calls or (),
        choice.finish_reason,
        usage,
    )


def answer_delta(data: bytes) -> Delta:
    """The same where there is no thought: what a parser takes for one is the answer.

    Parsers take everything for a thought until its end marker, which stands in the prompt here.
    """
    piece = chat_delta(data)
    if not piece.reasoning:
        return piece
    return replace(piece, reasoning="", content=piece.reasoning + piece.content)


def text_delta(data: bytes, top_logprobs: int) -> Delta:
    """The same for a completion of plain text; its log-probabilities come back in chat's shape.

    `top_logprobs` is how many alternatives a token the client asked for.
    """
    try:
        chunk = _decode_text(data)
    except UNREADABLE as error:
        raise EngineFailed(f"The engine sent a chunk that cannot be read: {error}") from error
    if chunk.error is not None:
        raise EngineFailed(_reported(chunk.error))
    usage = _usage(chunk.usage)
    if not chunk.choices:
        return Delta(usage=usage)
    choice = chunk.choices[0]
    return Delta(
        content=choice.text or "",
        token_ids=choice.token_ids or (),
        prompt_token_ids=choice.prompt_token_ids,
        logprobs=tuple(_chat_shape(choice.logprobs, top_logprobs)) if choice.logprobs else (),
        finish_reason=choice.finish_reason,
        usage=usage,
    )


def _usage(usage: _Usage | None) -> EngineUsage | None:
    if usage is None:
        return None
    return EngineUsage(usage.prompt_tokens, usage.completion_tokens or 0)


def _reported(error: Any) -> str:
    message = error.get("message") if isinstance(error, Mapping) else error
    return f"The engine broke off: {message}"


def _chat_shape(logprobs: _TextLogprobs, top_logprobs: int) -> Iterator[dict[str, Any]]:
    """OpenAI's completions list the alternatives as a map, the drawn token among them."""
    tops = logprobs.top_logprobs or (None,) * len(logprobs.tokens)
    for token, logprob, top in zip(logprobs.tokens, logprobs.token_logprobs, tops, strict=False):
        ranked = list((top or {}).items())[:top_logprobs]
        yield _entry(token, logprob) | {"top_logprobs": [_entry(*pair) for pair in ranked]}


def _entry(token: str, logprob: float | None) -> dict[str, Any]:
    # -9999.0 is what OpenAI's API and vLLM say for "no probability".
    value = -9999.0 if logprob is None else logprob
    return {"token": token, "logprob": value, "bytes": list(token.encode("utf-8", "replace"))}
