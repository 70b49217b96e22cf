"""A few tiny requests before an engine is used, so that no deadline is planned blindly."""

import asyncio
import logging
import time
from secrets import randbelow, token_hex

from quorate_sampling.choices import draw_each
from quorate_sampling.closers import PreparedClosing
from quorate_sampling.deadline import Deadline
from quorate_sampling.drawing import Prompt
from quorate_sampling.pace import Pace
from quorate_sampling.timetable import Timetable
from quorate_server.engines.replica import Replica
from quorate_server.errors import EngineError

SAMPLES = 4
TOKENS = 96
WITHIN_S = 10.0
CLOSINGS = 2

LONG_CHARACTERS = 6000
"""Length of the longest of the prompts that tell how fast the engine reads."""
LONG_PROMPTS = 3
SHARE_OF_CONTEXT = 0.5
"""No prompt takes more of the engine's context, a token being at least a character."""

logger = logging.getLogger(__name__)


async def warm_up(replica: Replica, kept: Pace | None = None) -> None:
    """Give a replica a pace measured just now: drawing, closing thoughts, reading long prompts.

    `kept` is what was learnt of such an engine before, to start from. An engine whose thoughts
    cannot be closed is spared the requests: it may charge for them.
    """
    replica.pace = kept or Pace()
    replica.closings.clear()
    replica.labels.clear()
    try:
        async with asyncio.timeout(WITHIN_S):
            closing = await replica.prepared_closing(boxed=True)
            if closing is not None:
                await _measure(replica, closing)
    except (EngineError, TimeoutError) as error:
        logger.warning("engine %s could not be warmed up: %r", replica.engine.name, error)


async def _measure(replica: Replica, closing: PreparedClosing) -> None:
    question, pace = "What is 12+34*5-6?", replica.pace
    # The first of anything is slower than what follows: the pace does not hear of it.
    await _draw(replica, Pace(), closing, question, 1, tokens=1)
    await _draw(replica, pace, closing, question, SAMPLES)
    for _ in range(CLOSINGS):
        await _draw(replica, pace, closing, question, SAMPLES, close_at_once=True)
    longest = LONG_CHARACTERS
    if replica.max_model_len is not None:
        longest = min(longest, int(replica.max_model_len * SHARE_OF_CONTEXT))
    for part in range(1, LONG_PROMPTS + 1):
        await _draw(replica, pace, closing, _text(longest * part // LONG_PROMPTS), 1, tokens=1)


async def _draw(
    replica: Replica,
    pace: Pace,
    closing: PreparedClosing,
    content: str,
    count: int,
    *,
    tokens: int = TOKENS,
    close_at_once: bool = False,
) -> None:
    body = {
        "model": replica.model_ids[0],
        "messages": [{"role": "user", "content": content}],
        "max_tokens": tokens,
    }
    prompt = Prompt(body, f"q-warmup-{token_hex(8)}", closing=closing)
    table = _closing_at_once() if close_at_once else None
    await draw_each(replica.engine, prompt, count, pace=pace, clock=time.monotonic, timetable=table)


def _text(characters: int) -> str:
    """A text of so many characters at most that is in no cache, and in any engine's alphabet."""
    term = f"{randbelow(10**16):016}+"
    return term * (characters // len(term))


def _closing_at_once() -> Timetable:
    now = time.monotonic()
    return Timetable(Deadline(now, now + WITHIN_S), close_at=now, end_at=now + WITHIN_S)
