"""One replica's standing with its engine: what it is, and whether it answers."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from quorate_sampling.closers import Closing, PreparedClosing
from quorate_server.engines.closing import prepare_closing
from quorate_server.engines.conversation import Conversation
from quorate_server.engines.families import family_of
from quorate_server.engines.model_card import read_card
from quorate_server.engines.probe import EngineFacts, probe
from quorate_server.engines.replica import Replica
from quorate_server.engines.thinking import keeps_budget, leaves_unparsed, with_turns
from quorate_server.engines.vllm import HttpEngine
from quorate_server.engines.warmup import warm_up
from quorate_server.errors import EngineError
from quorate_server.pace_store import load, pace_file
from quorate_server.upstream import Header, Upstream

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    """Asks vLLM whether it is alive: it answers below 400 while it is."""

    upstream: Upstream
    headers: Sequence[Header]
    timeout_s: float = 5.0

    async def is_good(self) -> bool:
        """Never raises: no answer in time is a no."""
        try:
            async with asyncio.timeout(self.timeout_s):
                response = await self.upstream.send("GET", "/health", headers=self.headers)
                try:
                    await response.read()
                finally:
                    response.close()
        except (EngineError, TimeoutError):
            return False
        return response.status < 400


@dataclass(frozen=True, slots=True)
class Found:
    """What an engine turned out to be, and how its thoughts are closed.

    `prepared` is the closing in the engine's token ids, None where it has none of one or the other.
    """

    facts: EngineFacts
    closing: Closing | None = None
    prepared: PreparedClosing | None = None
    leaves_unparsed: bool = False
    """It leaves thoughts that the prompt begins in the content."""


async def find_out(
    upstream: Upstream, headers: Sequence[Header], *, closing: Closing | None = None
) -> Found:
    """Ask an engine what it is and can do, in a few tokens.

    `closing` is that of the model's family, where it is known better than from the engine's
    answers. Raises EngineError.
    """
    facts = await probe(upstream, headers)
    able, model = facts.abilities, facts.model_ids[0]
    if closing is None:
        closing = family_of(read_card(facts.root or model)).closing
    if closing is None:
        return Found(facts)
    if not able.token_ids:
        able = await with_turns(Conversation(upstream, headers), model, able)
        return Found(replace(facts, abilities=able, thinks=True), closing)
    sending = HttpEngine(
        upstream,
        name=upstream.base_url,
        abilities=replace(able, thinking_budget=True),
        closing=closing,
        headers=headers,
    )
    prepared = await prepare_closing(sending, closing, "")
    able = replace(able, thinking_budget=await keeps_budget(sending, model, prepared))
    left_to_us = await leaves_unparsed(sending, model, prepared)
    return Found(replace(facts, abilities=able, thinks=True), closing, prepared, left_to_us)


async def connect(
    replica: Replica, *, closing: Closing | None = None, address: str | None = None
) -> Found:
    """Find out about the engine behind a replica and put it into it, ready to be used.

    `address`: where it is and will be found again, if it is not an engine of our own: its pace is
    kept under that. What was learnt of it before is its pace to start from, if it still serves the
    same. Raises EngineError, and leaves the replica as it was.
    """
    found = await find_out(replica.upstream, replica.headers, closing=closing)
    facts = found.facts
    replica.engine = HttpEngine(
        replica.upstream,
        name=replica.engine.name,
        abilities=facts.abilities,
        closing=found.closing,
        headers=replica.headers,
        unparsed=found.prepared if found.leaves_unparsed else None,
    )
    served = (facts.model_ids, facts.version)
    kept = replica.pace if replica.pace.learnt and served == replica.served else None
    replica.served = served
    replica.model_ids = facts.model_ids
    replica.max_model_len = facts.max_model_len
    replica.abort_by_id = facts.abilities.abort_by_id
    if replica.state_dir is not None:
        replica.pace_file = pace_file(replica.state_dir, *served, address)
        kept = kept or load(replica.pace_file)
    await warm_up(replica, kept)
    replica.ready = True
    for lacking in facts.missing():
        logger.info("engine %s: %s", replica.engine.name, lacking)
    return found
