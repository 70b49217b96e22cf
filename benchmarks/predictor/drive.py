"""The simulated engine in virtual time, with predictors watching each request."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.predictor.rivals import Predicted, Predictor, Watch
from benchmarks.predictor.traffic import Arrival
from benchmarks.simulated.timing import Batch

INTERVAL = 16
"""Tokens a chunk, as samples are streamed."""


@dataclass(slots=True)
class VirtualClock:
    """Goes on as the simulation says."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True)
class Observed:
    """One request: what was predicted of it as it was sent, and what came, in seconds.

    `token_s` is None where it generated one token only.
    """

    number: int
    predicted: tuple[Predicted, ...]
    """By predictor."""
    first_s: float
    token_s: float | None


@dataclass(slots=True)
class _Request:
    number: int
    sent_at: float
    watches: tuple[Watch, ...]
    tokens: int = 0
    first_at: float = 0.0


@dataclass(slots=True)
class _Drive:
    batch: Batch
    clock: VirtualClock
    predictors: Sequence[Predictor]
    to_come: deque[Arrival]
    sent: int = 0
    under_way: dict[str, _Request] = field(default_factory=dict)
    observed: list[Observed] = field(default_factory=list)

    def send_until(self, until: float) -> None:
        """Send what arrives until then, each at its own time, before what the step then gives."""
        while self.to_come and self.to_come[0].at <= until:
            arrival = self.to_come.popleft()
            self.clock.now = arrival.at
            self._send(arrival)
        self.clock.now = until

    def _send(self, arrival: Arrival) -> None:
        asked = arrival.request
        watches = tuple(p.sent(asked.prompt_tokens, asked.cached_tokens) for p in self.predictors)
        self.under_way[asked.id] = _Request(self.sent, arrival.at, watches)
        self.batch.add(asked)
        self.sent += 1

    def step(self) -> None:
        step = self.batch.step()
        self.send_until(self.clock.now + step.seconds)
        for request_id in step.tokens:
            self._token(self.under_way[request_id])
        for request_id in step.ended:
            self._ended(self.under_way.pop(request_id))

    def _token(self, request: _Request) -> None:
        request.tokens += 1
        if request.tokens == 1:
            request.first_at = self.clock.now
            for watch in request.watches:
                watch.first_token(self.clock.now - request.sent_at)
        elif request.tokens % INTERVAL == 1:
            for watch in request.watches:
                watch.progress(request.tokens)

    def _ended(self, request: _Request) -> None:
        more = request.tokens - 1
        token_s = (self.clock.now - request.first_at) / more if more else None
        for watch in request.watches:
            watch.ended(request.tokens, token_s)
        predicted = tuple(watch.predicted for watch in request.watches)
        first_s = request.first_at - request.sent_at
        self.observed.append(Observed(request.number, predicted, first_s, token_s))


def drive(
    batch: Batch,
    arrivals: Sequence[Arrival],
    predictors: Callable[[VirtualClock], Sequence[Predictor]],
) -> list[Observed]:
    """Send every request at its time and run the engine until all have ended; by number."""
    clock = VirtualClock()
    run = _Drive(batch, clock, predictors(clock), deque(arrivals))
    while run.to_come or not batch.idle:
        if batch.idle:
            run.send_until(run.to_come[0].at)
        run.step()
    return sorted(run.observed, key=lambda observed: observed.number)
