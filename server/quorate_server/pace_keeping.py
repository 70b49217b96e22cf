"""Keeping the engines' pace for the next run of the server, while this one goes on."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from quorate_sampling.pace import Pace
from quorate_server.pace_store import save

EVERY_S = 60.0

logger = logging.getLogger(__name__)


class Kept(Protocol):
    """An engine whose pace may be kept."""

    @property
    def pace(self) -> Pace: ...

    @property
    def pace_file(self) -> Path | None:
        """Where; None where that is not known yet, or not wanted."""


@asynccontextmanager
async def keeping_paces(
    engines: Callable[[], Iterable[Kept]], *, every_s: float = EVERY_S
) -> AsyncIterator[None]:
    """Write down each engine's pace every so often for as long as the context is open, and at its
    end. A disk that does not take it, or a pace that is no JSON, costs a warning, no more."""
    writer = asyncio.create_task(_write_on(engines, every_s), name="keeping paces")
    try:
        yield
    finally:
        writer.cancel()
        await asyncio.wait([writer])
        await _write(engines())


async def _write_on(engines: Callable[[], Iterable[Kept]], every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        await _write(engines())


async def _write(engines: Iterable[Kept]) -> None:
    for engine in engines:
        if engine.pace_file is None or not engine.pace.learnt:
            continue
        try:
            await asyncio.to_thread(save, engine.pace_file, engine.pace.state())
        except (OSError, ValueError) as error:
            logger.warning("the pace of an engine cannot be kept: %s", error)
