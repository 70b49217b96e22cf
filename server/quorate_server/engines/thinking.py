"""What an engine can do about its model's thoughts, found out once by asking for a few tokens."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from secrets import token_hex
from typing import Any

from quorate_sampling.closers import PreparedClosing
from quorate_sampling.engine import Abilities, Delta, Draw
from quorate_server.engines.conversation import REQUEST_TIMEOUT_S, Conversation
from quorate_server.engines.vllm import HttpEngine
from quorate_server.errors import EngineFailed, EngineRejected

BUDGET = 8
"""Tokens of thought, fewer than any model needs for the question below."""
TOLERANCE = 2
"""How many tokens beyond its budget a thought may get that the engine has ended."""
QUESTION = "What is 17*23-9*31+6? Think step by step."

GOING_ON = {"continue_final_message": True, "add_generation_prompt": False}
SWITCHED_OFF = {"chat_template_kwargs": {"enable_thinking": False}}


async def keeps_budget(engine: HttpEngine, model: str, closing: PreparedClosing) -> bool:
    """Whether an engine ends a thought at its budget, not only accepts one.

    vLLM lets a budget be where it does not know the model's markers, and where tokens are drafted
    ahead (vllm-project/vllm#39573). `engine` has to send budgets. False where it fails.
    """
    pieces = await _thought(engine, model, 4 * BUDGET, thinking_tokens=BUDGET)
    drawn = [token_id for piece in pieces for token_id in piece.token_ids]
    span = closing.budget_span(_prompt(pieces), drawn, BUDGET)
    return span is not None and span[1] - span[0] <= len(closing.end_ids) + TOLERANCE


async def leaves_unparsed(engine: HttpEngine, model: str, closing: PreparedClosing) -> bool:
    """Whether a thought that the prompt begins comes as content: the engine has no parser for it.

    False where it fails.
    """
    pieces = await _thought(engine, model, BUDGET)
    said = any(piece.content for piece in pieces)
    parsed = any(piece.reasoning for piece in pieces)
    return said and not parsed and closing.opens(_prompt(pieces))


async def _thought(
    engine: HttpEngine, model: str, max_tokens: int, thinking_tokens: int | None = None
) -> list[Delta]:
    """A thought as far as it comes within so many tokens; nothing where the engine fails."""
    body = {"model": model, "messages": _asked(QUESTION), "max_tokens": max_tokens}
    draw = Draw(f"q-probe-{token_hex(8)}", body, thinking_tokens=thinking_tokens)
    stream = engine.draw(draw)
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            return [piece async for piece in stream]
    except (EngineRejected, EngineFailed, TimeoutError):
        return []
    finally:
        await stream.aclose()


def _prompt(pieces: Sequence[Delta]) -> tuple[int, ...]:
    return next((piece.prompt_token_ids for piece in pieces if piece.prompt_token_ids), ())


async def with_turns(conversation: Conversation, model: str, abilities: Abilities) -> Abilities:
    """The abilities of an engine, with what it makes of a thought that is closed in words.

    Engines ignore what they do not know, so it is seen in the length of the prompt: a message that
    goes on has no end behind it, and a thought that is switched off has one.
    """
    spoken = [*_asked("1+1="), {"role": "assistant", "content": "The sum is"}]
    ended = await conversation.prompt_tokens(model, {"messages": spoken})
    open_ended = await conversation.prompt_tokens(model, {"messages": spoken, **GOING_ON})
    usual = await conversation.prompt_tokens(model, {})
    without = await conversation.prompt_tokens(model, SWITCHED_OFF)
    return replace(
        abilities,
        goes_on=None not in (ended, open_ended) and ended != open_ended,
        thinking_off=None not in (usual, without) and usual != without,
    )


def _asked(question: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": question}]
