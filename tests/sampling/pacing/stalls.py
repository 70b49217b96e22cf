"""An engine of steady speed that stalls: it stands still, or its tokens wait and come at once."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from quorate_sampling.pace import Pace
from quorate_sampling.pacing import Timing
from tests.sampling.paced import TurnedClock

FIRST_TOKEN_S, TOKEN_S = 0.1, 0.01
PIECE, TOKENS = 16, 193
"""Tokens in a piece, and in a sample."""

BETWEEN_S = 1e-4
"""Between two pieces that are read one right after the other."""


@dataclass(frozen=True, slots=True)
class Stall:
    """From `at` on nothing comes for so many seconds; `frozen`: nothing is generated either."""

    at: float
    seconds: float
    frozen: bool = False

    def read_at(self, ready_at: float) -> float:
        """When a piece comes that is generated at `ready_at`, a freeze left out of account."""
        if ready_at < self.at:
            return ready_at
        return ready_at + self.seconds if self.frozen else max(ready_at, self.at + self.seconds)

    def sent_at(self, now: float) -> float:
        """The reverse for requests: when the engine gets one, a freeze left out of account."""
        return now if now < self.at or not self.frozen else max(self.at, now - self.seconds)


@dataclass(slots=True)
class _Client:
    """Asks again as soon as it is answered."""

    timing: Timing | None = None
    engine_began_at: float = 0.0
    told: int = 0


@dataclass(slots=True)
class Stalling:
    """So many clients, one request each, of an engine that gives each a token every 10 ms."""

    pace: Pace
    stall: Stall
    clients: int
    clock: TurnedClock = field(default_factory=TurnedClock)

    def watch(self, until: float) -> Iterator[float]:
        """Let the pace see it; yields the time, in seconds, after each piece."""
        clients = [_Client() for _ in range(self.clients)]
        events = [(number * 0.013, number) for number in range(self.clients)]
        while events[0][0] < until:
            at, number = heapq.heappop(events)
            self.clock.now = max(at, self.clock.now + BETWEEN_S)
            heapq.heappush(events, (self._go_on(clients[number]), number))
            yield self.clock.now

    def _go_on(self, client: _Client) -> float:
        """What comes next for a client, and when the one after that does."""
        if client.timing is None:
            client.timing, client.told = self.pace.sent(100, clock=self.clock), 0
            client.engine_began_at = self.stall.sent_at(self.clock.now)
        else:
            client.timing.first_token()
            client.told += PIECE if client.told else 1
            client.timing.progress(client.told)
        if client.told == TOKENS:
            client.timing.ended(TOKENS, whole=True)
            client.timing = None
            return self.clock.now
        more = client.told + PIECE - 1 if client.told else 0
        return self.stall.read_at(client.engine_began_at + FIRST_TOKEN_S + TOKEN_S * more)
