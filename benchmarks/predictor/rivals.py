"""What predicts: Quorate's pace, and what one would do without it."""

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from quorate_sampling.deadline import Clock
from quorate_sampling.pace import Pace
from quorate_sampling.pacing import Timing
from quorate_sampling.pacing.quantiles import quantile

WINDOW = 256


class Predicted(NamedTuple):
    """Quantiles of one request's times, in seconds."""

    first_median: float
    first_p95: float
    token_median: float
    token_p95: float


class Watch(Protocol):
    """A request on its way, as whoever draws it reports it."""

    @property
    def predicted(self) -> Predicted: ...

    def first_token(self, seconds: float) -> None: ...

    def progress(self, tokens: int) -> None: ...

    def ended(self, tokens: int, token_s: float | None) -> None: ...


class Predictor(Protocol):
    """Predicts a request as it is sent, and learns from it later."""

    @property
    def name(self) -> str: ...

    def sent(self, prompt_tokens: int, cached_tokens: int) -> Watch: ...


@dataclass(slots=True)
class Paced:
    """Quorate's own. `told_cached`: whether it is told of the part of a prompt that is cached."""

    clock: Clock
    told_cached: bool = True
    pace: Pace = field(default_factory=Pace)

    @property
    def name(self) -> str:
        return "Quorate" if self.told_cached else "Quorate, not told what is cached"

    def sent(self, prompt_tokens: int, cached_tokens: int) -> Watch:
        cached = cached_tokens if self.told_cached else 0
        pace, under = self.pace, self.pace.conditions(prompt_tokens, cached)
        predicted = Predicted(
            pace.first_token_s(0.5, under),
            pace.first_token_s(0.95, under),
            pace.token_s(0.5, under),
            pace.token_s(0.95, under),
        )
        new = prompt_tokens - cached
        return _Timed(predicted, pace.sent(prompt_tokens, new_tokens=new, clock=self.clock))


@dataclass(slots=True)
class _Timed:
    predicted: Predicted
    timing: Timing

    def first_token(self, seconds: float) -> None:
        self.timing.first_token()
        self.timing.progress(1)

    def progress(self, tokens: int) -> None:
        self.timing.progress(tokens)

    def ended(self, tokens: int, token_s: float | None) -> None:
        self.timing.ended(tokens, whole=True)


@dataclass(slots=True)
class Windows:
    """The quantiles of the last observations, whatever the request and the load.

    `frozen_after`: observations after which it learns no more, a constant then.
    """

    name: str = f"the last {WINDOW} observed"
    frozen_after: int | None = None
    first: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))
    token: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def sent(self, prompt_tokens: int, cached_tokens: int) -> Watch:
        predicted = Predicted(
            _of(self.first, 0.5, 0.3),
            _of(self.first, 0.95, 0.3),
            _of(self.token, 0.5, 0.03),
            _of(self.token, 0.95, 0.03),
        )
        return _Noted(predicted, self)

    def note(self, window: deque[float], seconds: float) -> None:
        if self.frozen_after is None or len(window) < self.frozen_after:
            window.append(seconds)


@dataclass(slots=True)
class _Noted:
    predicted: Predicted
    windows: Windows

    def first_token(self, seconds: float) -> None:
        self.windows.note(self.windows.first, seconds)

    def progress(self, tokens: int) -> None:
        """Windows have whole requests only."""

    def ended(self, tokens: int, token_s: float | None) -> None:
        if token_s is not None:
            self.windows.note(self.windows.token, token_s)


def _of(window: deque[float], q: float, guess: float) -> float:
    return quantile(window, q) if window else guess
