"""A server that fails its clients in every way a network has, on the loopback interface.

    python -m tests.sdk.faults.hostile [--seed 0] [--faults dripped_body,reset]

Each request meets a fault, now and then a good answer. The command prints its port and serves
until it is terminated.
"""

import argparse
import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.listening import Listener
from tests.sdk.faults.mistreating import FAULTS, WHOLE, ClientLeft, Exchange, Fault, answer


@dataclass
class Hostile:
    """Serves; what came of it is counted.

    A request meets one of `faults`, drawn by `seed`, or with probability `good` an answer.
    """

    faults: Sequence[Fault] = tuple(FAULTS.values())
    good: float = 0.15
    seed: int = 0
    met: Counter[str] = field(default_factory=Counter)
    """How often each fault was met, by name."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """The headers of each request, names in lower case."""
    met_one: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once there was a request."""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._listener = Listener(self._connection)

    @property
    def open(self) -> int:
        """Connections that are open now."""
        return self._listener.open

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[int]:
        """Serves on a free port, which it yields."""
        async with self._listener as listener:
            yield listener.port

    async def all_left(self, seconds: float) -> bool:
        """Wait until no connection is open, at most so long; whether none is."""
        return await self._listener.all_left(seconds)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ClientLeft, ConnectionError, asyncio.IncompleteReadError):
            while await self._exchange(reader, writer):
                pass

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and what it meets. Returns whether another may follow."""
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, path, _ = first.split(" ")
        fault = answer if self._random.random() < self.good else self._random.choice(self.faults)
        self.asked.append(headers)
        self.met[getattr(fault, "__name__", "?")] += 1
        self.met_one.set()
        await fault(Exchange(method, path, body, reader, writer))
        return fault in WHOLE


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--good", type=float, default=0.15, help="share of good answers")
    parser.add_argument("--faults", default=",".join(FAULTS), help="names, by commas")
    options = parser.parse_args()
    faults = [FAULTS[name] for name in options.faults.split(",")]
    async with Hostile(faults, options.good, options.seed).serve() as port:
        print(port, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_main())
