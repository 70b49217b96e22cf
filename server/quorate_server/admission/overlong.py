"""Prompts that are too long for an engine, told apart from those that only take too long."""

import asyncio
from contextlib import suppress

from quorate_server.engines.replica import Replica
from quorate_server.errors import EngineFailed, EngineUnavailable, RequestError
from quorate_server.job import Job

COUNTING_SHARE = 0.1
"""Of its budget a refusal may wait so long for the prompt to be counted."""


async def refuse_the_overlong(job: Job, replica: Replica) -> None:
    """Raises RequestError where the prompt does not fit into the engine's context.

    That is worth knowing before a deadline is called impossible because of the prompt's length,
    which is an estimate: the engine counts it, if it can do so at once. Raises EngineRejected
    where it refuses to count.
    """
    longest, limit = replica.max_model_len, job.limit
    if longest is None or limit is None or not job.chat:
        return
    if not replica.engine.abilities.token_ids:
        return
    if replica.prompt_length.most_tokens(job.body) <= longest:
        return
    with suppress(TimeoutError, EngineUnavailable, EngineFailed):
        async with asyncio.timeout(COUNTING_SHARE * limit.deadline.budget_s):
            tokens = len(await replica.engine.prompt_ids(job.body))
        if tokens >= longest:
            raise RequestError(
                f"This model's context holds {longest} tokens, and the prompt has {tokens}.",
                param="messages",
                code="context_length_exceeded",
            )
