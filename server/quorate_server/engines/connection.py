"""One replica's standing with its engine: what it is, and whether it answers."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from quorate_sampling.closers import Closing, PreparedClosing
from quorate_sampling.engine import Abilities
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
    """Asks an engine whether it is alive. `path` answers below 400 while it is."""

    upstream: Upstream
    headers: Sequence[Header]
    path: str = "/health"
    timeout_s: float = 5.0

    async def is_good(self) -> bool:
        """Never raises: no answer in time is a no."""
        try:
            async with asyncio.timeout(self.timeout_s):
                response = await self.upstream.send("GET", self.path, headers=self.headers)
                try:
                    await response.read()
                finally:
                    response.close()
        except (EngineError, TimeoutError):
            return False
        return response.status < 400


async def connect(
    replica: Replica, *, closing: Closing | None = None, address: str | None = None
) -> EngineFacts:
    """Probe the engine behind a replica and put what was found into it, ready to be used.

    `closing` is that of the model's family, where it is known better than from the engine's
    answers. `address`: where it is and will be found again, if it is not an engine of our own: its
    pace is kept under that. What was learnt of it before is its pace to start from, if it still
    serves the same. Raises EngineError, and leaves the replica as it was.
    """
    facts = await probe(replica.upstream, replica.headers)
    if closing is None:
        closing = family_of(read_card(facts.root or facts.model_ids[0])).closing
    unparsed: PreparedClosing | None = None
    if closing is not None:
        facts, unparsed = await _of_thinking(facts, closing, replica)
    replica.engine = _engine(replica, facts.abilities, closing, unparsed)
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
    return facts


async def _of_thinking(
    facts: EngineFacts, closing: Closing, replica: Replica
) -> tuple[EngineFacts, PreparedClosing | None]:
    """With what the engine can do about the thoughts of a model that has some; and how they are
    told from answers, where it leaves that to us."""
    able, model = facts.abilities, facts.model_ids[0]
    if not able.token_ids:
        able = await with_turns(Conversation(replica.upstream, replica.headers), model, able)
        return replace(facts, abilities=able, thinks=True), None
    sending = _engine(replica, replace(able, thinking_budget=True), closing)
    prepared = await prepare_closing(sending, closing, "")
    able = replace(able, thinking_budget=await keeps_budget(sending, model, prepared))
    left_to_us = await leaves_unparsed(sending, model, prepared)
    return replace(facts, abilities=able, thinks=True), prepared if left_to_us else None


def _engine(
    replica: Replica,
    abilities: Abilities,
    closing: Closing | None,
    unparsed: PreparedClosing | None = None,
) -> HttpEngine:
    return HttpEngine(
        replica.upstream,
        name=replica.engine.name,
        abilities=abilities,
        closing=closing,
        headers=replica.headers,
        unparsed=unparsed,
    )
