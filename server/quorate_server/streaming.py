"""Server-sent events, written."""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any, TypeVar

from quorate_sampling.engine import Delta, Sample
from quorate_server.completion import Shape
from quorate_server.encoding import encode_large
from quorate_server.gateway.reply import Reply
from quorate_server.job import Job

Cut = TypeVar("Cut", str, tuple[Mapping[str, Any], ...])

PIECE_CHARS = 512
"""Text of a decided sample is streamed in pieces of this length."""
PIECE_LOGPROBS = 128
"""Log-probabilities an event, about what belongs to a piece of text."""


async def send_event(reply: Reply, value: Mapping[str, Any], *, tokens: int = 0) -> None:
    """One `data:` event, which carries about `tokens` tokens."""
    await send_encoded(reply, await encode_large(value, tokens))


async def send_encoded(reply: Reply, value: bytes) -> None:
    """One `data:` event of what has been encoded."""
    await _send(reply, b"data: " + value + b"\n\n")


async def send_comment(reply: Reply, text: str) -> None:
    """A comment: keeps the connection alive and is ignored by every client."""
    await _send(reply, f": {text}\n\n".encode())


async def send_end(
    reply: Reply,
    shape: Shape,
    endings: list[dict[str, Any]],
    usage: Mapping[str, object],
    job: Job,
    **extra: Any,
) -> None:
    """The last events: how each choice ended, the usage, `[DONE]`.

    Usage has a chunk of its own, with empty `choices`, only where the client asked for it as
    OpenAI's API has it; else it rides on the last choice's.
    """
    for ending in endings[:-1]:
        await send_event(reply, shape.chunk([ending]))
    if job.include_usage:
        await send_event(reply, shape.chunk([endings[-1]], **extra, usage=None))
        await send_event(reply, shape.chunk([], usage=usage))
    else:
        await send_event(reply, shape.chunk([endings[-1]], **extra, usage=usage))
    reply_end = {"type": "http.response.body", "body": b"data: [DONE]\n\n", "more_body": False}
    await reply.send(reply_end)


def sample_chunks(sample: Sample) -> Iterator[Delta]:
    """A finished sample as a stream would have brought it: reasoning, content, tool calls.

    Log-probabilities, the reasoning's too, come with the content: put together they are the
    whole list, as an unstreamed answer has it.
    """
    for thought in _cut(sample.reasoning, PIECE_CHARS):
        yield Delta(reasoning=thought)
    texts = _cut(sample.content, PIECE_CHARS)
    for text, logprobs in zip_longest(texts, _cut(sample.logprobs, PIECE_LOGPROBS)):
        yield Delta(content=text or "", logprobs=logprobs or ())
    if sample.tool_calls:
        yield Delta(tool_calls=sample.tool_calls)


def _cut(whole: Cut, length: int) -> Iterator[Cut]:
    for start in range(0, len(whole), length):
        yield whole[start : start + length]


async def _send(reply: Reply, data: bytes) -> None:
    await reply.send({"type": "http.response.body", "body": data, "more_body": True})
