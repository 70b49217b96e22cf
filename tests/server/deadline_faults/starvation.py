"""How long a busy machine let this process wait: not the gateway's lateness."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

INTERVAL_S = 0.005


@dataclass
class Starvation:
    """The longest time in which the event loop was due and its thread was given no core."""

    worst_s: float = 0.0

    async def _watch(self) -> None:
        while True:
            began_at, used_s = time.monotonic(), time.thread_time()
            await asyncio.sleep(INTERVAL_S)
            late_s = time.monotonic() - began_at - INTERVAL_S
            self.worst_s = max(self.worst_s, late_s - (time.thread_time() - used_s))


@asynccontextmanager
async def starvation() -> AsyncIterator[Starvation]:
    """Measured for as long as the context is open."""
    measured = Starvation()
    watching = asyncio.create_task(measured._watch())
    try:
        yield measured
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
