"""An engine that somebody else runs: watched, and used while it answers."""

import asyncio
import logging
from collections.abc import Callable

from quorate_sampling.closers import Closing
from quorate_server.engines.backoff import Backoff
from quorate_server.engines.connection import Found, connect, find_out
from quorate_server.engines.conversation import REQUEST_TIMEOUT_S
from quorate_server.engines.identity import Identity, shown_identity
from quorate_server.engines.probe import EngineFacts
from quorate_server.engines.replica import Replica
from quorate_server.errors import EngineError
from quorate_server.http1 import HttpOrigin
from quorate_server.upstream import Upstream

CHECK_EVERY_S = 5.0
ANSWER_WITHIN_S = 5.0
"""How long one check waits for its answers."""
FAILURES_UNTIL_DOWN = 2

logger = logging.getLogger(__name__)


class AttachedEngine:
    """Keeps a replica in step with the endpoint behind it; never gives up on it.

    An endpoint that is down at the start, or goes down, makes its replica not ready, and what it
    was drawing fails. When it is back it is probed again, since it may have come back as something
    else; and so it is where it may be another process than before, though it seemed never to be
    away. What it turns out to have become is found out beside its work: an engine that is still the
    same stays in service. `connect_to` makes the upstream for a base URL; `closing` is how thoughts
    are ended there, where that is known better than from its model's family.
    """

    def __init__(
        self,
        replica: Replica,
        *,
        closing: Closing | None = None,
        on_ready: Callable[[Replica], None] = lambda _replica: None,
        connect_to: Callable[[str], Upstream] = HttpOrigin,
        check_every_s: float = CHECK_EVERY_S,
        answer_within_s: float = ANSWER_WITHIN_S,
        backoff: Backoff | None = None,
    ) -> None:
        self._replica = replica
        self._closing = closing
        self._on_ready = on_ready
        self._connect_to = connect_to
        self._check_every_s = check_every_s
        self._answer_within_s = answer_within_s
        self._backoff = backoff or Backoff()
        # Its connections are idle between two checks for longer than they are kept: each check has
        # a new one, to the process that answers by then.
        self._aside = connect_to(replica.upstream.base_url)
        self._left: Upstream | None = None
        """What was under way when the engine became another one may be going on there."""

    async def run(self) -> None:
        """Watch the endpoint until cancelled."""
        try:
            while True:
                try:
                    shown, found = await self._until_up()
                    await self._until_gone(shown, found)
                except Exception:  # the outermost edge: no engine's answer may end the gateway
                    logger.exception("engine %s: watching it failed", self._replica.engine.name)
                    await self._take_down()
                    await asyncio.sleep(self._backoff.next_s())
                else:
                    self._backoff.reset()
        finally:
            self._replica.ready = False
            await self._aside.aclose()
            await self._leave(None)

    async def _until_up(self) -> tuple[Identity, Found]:
        name = self._replica.engine.name
        said = ""
        while True:
            try:
                # Before it is connected to: if another one takes its place meanwhile, that shows.
                shown = await self._shown()
                address = self._replica.upstream.base_url
                found = await connect(self._replica, closing=self._closing, address=address)
            except EngineError as error:
                if error.message != said:
                    logger.warning("engine %s is not ready: %s", name, error.message)
                    said = error.message
            else:
                self._log_up(found.facts)
                self._on_ready(self._replica)
                return shown, found
            await asyncio.sleep(self._backoff.next_s())

    def _log_up(self, facts: EngineFacts) -> None:
        kind = f"vLLM {facts.version}" if facts.version else "not vLLM"
        models = ", ".join(facts.model_ids[:5])
        logger.info("engine %s is ready (%s): %s", self._replica.engine.name, kind, models)

    async def _until_gone(self, known: Identity, found: Found) -> None:
        """Until it has stopped answering, or has become something else than was found."""
        name = self._replica.engine.name
        failures, doubted = 0, False
        while failures < FAILURES_UNTIL_DOWN:
            await asyncio.sleep(self._check_every_s)
            try:
                shown = await self._shown(known)
            except EngineError:
                failures, doubted = failures + 1, True
                continue
            failures = 0
            same = shown.is_that_of(known)
            doubted = doubted if same is None else not same
            if doubted:
                became = await self._found_now()
                if became is None:
                    continue
                if became != found:
                    logger.warning("engine %s has become another one", name)
                    await self._leave(self._replica.leave(self._new_upstream()))
                    return
                known, doubted = shown, False
        logger.warning("engine %s has stopped answering", name)
        await self._take_down()

    async def _shown(self, known: Identity | None = None) -> Identity:
        return await shown_identity(
            self._aside, self._replica.headers, known, within_s=self._answer_within_s
        )

    async def _found_now(self) -> Found | None:
        """What the engine is by now; None where it cannot be asked, which is tried again."""
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                return await find_out(self._aside, self._replica.headers, closing=self._closing)
        except (EngineError, TimeoutError):
            return None

    async def _leave(self, upstream: Upstream | None) -> None:
        """Let what is under way on `upstream` end; what was left earlier has had its time."""
        earlier, self._left = self._left, upstream
        if earlier is not None:
            await earlier.aclose()

    async def _take_down(self) -> None:
        await self._replica.take_down(self._new_upstream())

    def _new_upstream(self) -> Upstream:
        return self._connect_to(self._replica.upstream.base_url)
