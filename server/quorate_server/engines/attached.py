"""An engine that somebody else runs: watched, and used while it answers."""

import asyncio
import logging
from collections.abc import Callable

from quorate_sampling.closers import Closing
from quorate_server.engines.backoff import Backoff
from quorate_server.engines.connection import Health, connect
from quorate_server.engines.probe import EngineFacts
from quorate_server.engines.replica import Replica
from quorate_server.errors import EngineError
from quorate_server.http1 import HttpOrigin
from quorate_server.upstream import Upstream

CHECK_EVERY_S = 5.0
FAILURES_UNTIL_DOWN = 2

logger = logging.getLogger(__name__)


class AttachedEngine:
    """Keeps a replica in step with the endpoint behind it; never gives up on it.

    An endpoint that is down at the start, or goes down, makes its replica not ready, and what it
    was drawing fails. When it is back it is probed again, since it may have come back as something
    else. `connect_to` makes the upstream for a base URL; `closing` is how thoughts are ended there,
    where that is known better than from its model's family.
    """

    def __init__(
        self,
        replica: Replica,
        *,
        closing: Closing | None = None,
        on_ready: Callable[[Replica], None] = lambda _replica: None,
        connect_to: Callable[[str], Upstream] = HttpOrigin,
        check_every_s: float = CHECK_EVERY_S,
        backoff: Backoff | None = None,
    ) -> None:
        self._replica = replica
        self._closing = closing
        self._on_ready = on_ready
        self._connect_to = connect_to
        self._check_every_s = check_every_s
        self._backoff = backoff or Backoff()

    async def run(self) -> None:
        """Watch the endpoint until cancelled."""
        try:
            while True:
                try:
                    await self._until_up()
                    await self._until_down()
                except Exception:  # the outermost edge: no engine's answer may end the gateway
                    logger.exception("engine %s: watching it failed", self._replica.engine.name)
                    await self._take_down()
                    await asyncio.sleep(self._backoff.next_s())
                else:
                    self._backoff.reset()
        finally:
            self._replica.ready = False

    async def _until_up(self) -> None:
        name = self._replica.engine.name
        said = ""
        while True:
            try:
                address = self._replica.upstream.base_url
                facts = await connect(self._replica, closing=self._closing, address=address)
            except EngineError as error:
                if error.message != said:
                    logger.warning("engine %s is not ready: %s", name, error.message)
                    said = error.message
            else:
                self._log_up(facts)
                self._on_ready(self._replica)
                return
            await asyncio.sleep(self._backoff.next_s())

    def _log_up(self, facts: EngineFacts) -> None:
        kind = f"vLLM {facts.version}" if facts.version else "not vLLM"
        models = ", ".join(facts.model_ids[:5])
        logger.info("engine %s is ready (%s): %s", self._replica.engine.name, kind, models)

    async def _until_down(self) -> None:
        # Everything that speaks OpenAI's API lists its models; only some have /health.
        health = Health(self._replica.upstream, self._replica.headers, "/v1/models")
        failures = 0
        while failures < FAILURES_UNTIL_DOWN:
            await asyncio.sleep(self._check_every_s)
            failures = 0 if await health.is_good() else failures + 1
        logger.warning("engine %s has stopped answering", self._replica.engine.name)
        await self._take_down()

    async def _take_down(self) -> None:
        await self._replica.take_down(self._connect_to(self._replica.upstream.base_url))
