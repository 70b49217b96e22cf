"""JSON out: at once where it is small, off the event loop where it is not."""

import asyncio
from collections.abc import Iterable
from typing import Any

import msgspec

from quorate_sampling.engine import Sample

OFF_LOOP_BYTES = 256 * 1024
BYTES_PER_TOKEN = 12
"""A token's id, its share of the text and its share of keys, generously."""
LOGPROB_TOKENS = 8
"""A log-probability (token, bytes, number) weighs as much as this many tokens."""
ENCODING_BYTES_PER_S = 50e6
"""Cautious: msgspec writes several times that on one slow core."""

encode = msgspec.json.Encoder().encode


async def encode_large(value: Any, tokens: int) -> bytes:
    """Encode a response that carries about `tokens` tokens, in a thread if that is many."""
    if tokens * BYTES_PER_TOKEN < OFF_LOOP_BYTES:
        return encode(value)
    return await asyncio.to_thread(encode, value)


def carried_tokens(samples: Iterable[Sample]) -> int:
    """About how many tokens these samples weigh in a response, log-probabilities included."""
    return sum(
        max(len(sample.token_ids), (len(sample.reasoning) + len(sample.content)) // 4)
        + sum(
            LOGPROB_TOKENS * (1 + len(entry.get("top_logprobs") or ())) for entry in sample.logprobs
        )
        for sample in samples
    )


def encoding_s(tokens: int) -> float:
    """Time to plan for encoding and writing a response that carries about `tokens` tokens."""
    return tokens * BYTES_PER_TOKEN / ENCODING_BYTES_PER_S
