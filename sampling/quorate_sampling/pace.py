"""How fast an engine is: quantiles of the times a deadline is planned with, under any load."""

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

from quorate_sampling.deadline import Clock
from quorate_sampling.pacing.accuracy import Accuracy
from quorate_sampling.pacing.conditions import Conditions
from quorate_sampling.pacing.forecast import Forecast
from quorate_sampling.pacing.numbers import numbers
from quorate_sampling.pacing.quantiles import quantile
from quorate_sampling.pacing.times import closing_times, first_token_times, token_times
from quorate_sampling.pacing.timing import Timing, Untimed

WINDOW = 256
"""Whole samples whose length is remembered."""

QUIET = 16
"""With so few requests on it an engine shows how fast it can be."""
FADING = 1.002
"""By how much a fastest time is trusted less for each that an engine took when it was quiet: one
that became slower for good is believed after some hundred."""

EVERY_S = 0.01
"""Requests that are passed on are timed so far apart at least."""

USUAL = 0.05
"""What one prompt counts in the usual length of prompts."""

VERSION = 1
"""Of what `state` gives; a state of another one is of no use."""


@dataclass(slots=True)
class Pace:
    """One engine's times in seconds, learnt from every request that is timed on it.

    first token: from sending a request to its first piece, linear in the prompt's new tokens and
    in the load ahead of it. token: between two tokens of one sample, linear in the requests beside
    it. closing: from ordering a thought closed to the end of the forced answer. The 95th
    percentiles are kept honest: see `pacing.spread`. Before anything came they are cautious
    guesses. A prediction, and taking an observation into account, take microseconds.

    It counts the load itself: requests sent whose first token is not there (`waiting`), and those
    that generate (`running`). A caller that gives no conditions gets those of now, for a prompt of
    the usual length.
    """

    running: int = field(default=0, init=False)
    waiting: int = field(default=0, init=False)
    _waiting_tokens: float = field(default=0.0, init=False)
    _timed_at: float = field(default=-inf, init=False)
    _usual_prompt: float = field(default=0.0, init=False)
    _first: Forecast = field(default_factory=first_token_times, init=False)
    _token: Forecast = field(default_factory=token_times, init=False)
    _closing: Forecast = field(default_factory=closing_times, init=False)
    _closings: int = field(default=0, init=False)
    _fastest_closing: float | None = field(default=None, init=False)
    """The shortest closing there was, fading: what the engine can do while it is idle."""
    _sample_tokens: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW), init=False)

    def conditions(
        self, prompt_tokens: float = 0, cached_tokens: float = 0, more: int = 0
    ) -> Conditions:
        """The load as it is now; `more`: requests about to be sent beside the one asked for.

        Those share its prompt, so that they have nothing more to read.
        """
        return Conditions(
            prompt_tokens, cached_tokens, self.running, self.waiting + more, self._waiting_tokens
        )

    def first_token_s(self, q: float = 0.95, under: Conditions | None = None) -> float:
        """Quantile `q` of the time to first token."""
        return self._first.quantile(q, self._now(under))

    def token_s(self, q: float = 0.95, under: Conditions | None = None) -> float:
        """Quantile `q` of the mean time between two tokens of one sample."""
        return self._token.quantile(q, self._now(under))

    def sample_s(self, q: float = 0.95, under: Conditions | None = None) -> float | None:
        """How long a sample takes that is longer than a share `q` of them; None before one was
        seen."""
        tokens = self.sample_tokens(q)
        if tokens is None:
            return None
        return self.first_token_s(0.5, under) + tokens * self.token_s(0.5, under)

    def sample_tokens(self, q: float = 0.5) -> float | None:
        """Quantile `q` of how many tokens a whole sample takes; None before one was seen."""
        return quantile(self._sample_tokens, q) if self._sample_tokens else None

    def closing_s(self, answer_tokens: int, under: Conditions | None = None) -> float:
        """Time to set aside for closing a thought and answering in `answer_tokens` tokens.

        The prediction from first-token and token times, the prompt being in the engine's cache by
        then, or what closings took lately under such a load if that is longer.
        """
        load = self._now(under)
        resumed = replace(load, cached_tokens=max(load.cached_tokens, load.prompt_tokens))
        predicted = self._first.quantile(0.95, resumed)
        predicted += answer_tokens * self._token.quantile(0.95, load)
        return max(predicted, self._closing.quantile(0.95, load)) if self._closings else predicted

    def shortest_answer_s(self) -> float:
        """The least time in which this engine was seen to close a thought and answer.

        0.0 before anything was seen: no request is refused on a guess. Load does not change it,
        what the engine takes while it is quiet does, slowly.
        """
        return self._fastest_closing or 0.0

    @property
    def accuracy(self) -> Mapping[str, Accuracy]:
        """How well `first_token_s` and `token_s` turned out lately."""
        return {"first_token": self._first.accuracy, "token": self._token.accuracy}

    @property
    def learnt(self) -> bool:
        """Whether it rests on anything it saw itself."""
        return self._first.accuracy.count > 0

    def sent(
        self,
        prompt_tokens: int | None = None,
        *,
        new_tokens: int | None = None,
        clock: Clock = time.monotonic,
    ) -> Timing:
        """Count a request that is sent now; what is returned is told how it goes on.

        `prompt_tokens` is None where only its stream will tell them. `new_tokens`: those of them
        that the engine was not sent before; None: all of them.
        """
        under = self._sent_under(prompt_tokens, new_tokens, self.conditions())
        timing = Timing(
            self,
            clock,
            under,
            prompt_tokens,
            new_tokens,
            self._first.expected(under),
            self._token.expected(under),
        )
        self.waiting += 1
        self._waiting_tokens += under.new_tokens
        return timing

    def closed(self, seconds: float, *, whole: bool, under: Conditions | None = None) -> None:
        """Note a closing; one that is not `whole` was cut, and would have taken longer."""
        load = self._now(under)
        expected = self._closing.expected(load)
        if whole or seconds > expected.p95_s:
            self._closing.judge(expected, seconds)
            self._closing.learn(load, seconds)
            self._closings += 1
        if whole and seconds > 0:
            fastest = inf if self._fastest_closing is None else self._fastest_closing
            if load.running + load.waiting <= QUIET:
                fastest *= FADING
            self._fastest_closing = min(fastest, seconds)

    def passing(
        self, samples: int = 1, *, streamed: bool, clock: Clock = time.monotonic
    ) -> Timing | Untimed:
        """Count a request whose answer is merely passed on; the sooner it is forgotten the better.

        One that streams a single sample is timed, unless another one just was: what they teach is
        much the same, and each costs what passing on a chunk costs.
        """
        if streamed and samples == 1:
            now = clock()
            if now - self._timed_at >= EVERY_S:
                self._timed_at = now
                return self.sent(clock=clock)
        self.running += samples
        return Untimed(self, samples)

    def left(self, count: int) -> None:
        """So many samples that nobody timed have ended."""
        self.running -= count

    def began(self, timing: Timing, seconds: float) -> None:
        """A request's first token is there."""
        self._wait_over(timing)
        self.running += 1
        timing.beside = self._beside()
        if timing.prompt_tokens is not None:
            self._learn_first(timing, seconds)

    def went_on(self, timing: Timing, tokens: int, seconds: float) -> None:
        """More of a request's tokens came."""
        beside = self._beside()
        load = (beside + timing.beside) / 2
        prompt = timing.prompt_tokens or self._usual_prompt
        self._token.learn(Conditions(prompt, running=load), seconds / tokens)
        timing.beside = beside

    def over(self, timing: Timing, seconds: float) -> None:
        """A request has ended."""
        first_at = timing.first_at
        if first_at is None:
            self._wait_over(timing)
            if seconds > timing.first_expected.p95_s:  # no first token in all that time
                self._first.judge(timing.first_expected, seconds)
                self._first.learn(timing.under, seconds)
            return
        self.running -= 1
        if not timing.first_told:
            self._learn_first(timing, first_at - timing.sent_at)
        if timing.drawn > 0 and timing.trusted:
            self._token.judge(timing.token_expected, seconds / timing.drawn)
        if timing.whole and timing.tokens:
            self._sample_tokens.append(timing.tokens)

    def _learn_first(self, timing: Timing, seconds: float) -> None:
        prompt, expected, under = timing.prompt_tokens, timing.first_expected, timing.under
        timing.first_told = True
        if prompt is not None:
            self._usual_prompt += USUAL * (prompt - self._usual_prompt)
            if prompt != under.prompt_tokens:
                under = self._sent_under(prompt, timing.new_tokens, under)
                expected = self._first.expected(under)
        self._first.judge(expected, seconds)
        self._first.learn(under, seconds)

    def _sent_under(
        self, prompt_tokens: int | None, new_tokens: int | None, load: Conditions
    ) -> Conditions:
        prompt = self._usual_prompt if prompt_tokens is None else max(0, prompt_tokens)
        cached = 0.0 if new_tokens is None else max(0.0, prompt - new_tokens)
        return Conditions(prompt, cached, load.running, load.waiting, load.waiting_tokens)

    def _wait_over(self, timing: Timing) -> None:
        self.waiting -= 1
        self._waiting_tokens = max(0.0, self._waiting_tokens - timing.under.new_tokens)
        if not self.waiting:
            self._waiting_tokens = 0.0

    def _beside(self) -> int:
        return max(0, self.running + self.waiting - 1)

    def _now(self, under: Conditions | None) -> Conditions:
        return self.conditions(self._usual_prompt) if under is None else under

    def state(self) -> dict[str, Any]:
        """What was learnt, as JSON; see `restored`."""
        lengths = sorted(self._sample_tokens)
        return {
            "version": VERSION,
            "first_token": self._first.state(),
            "token": self._token.state(),
            "usual_prompt": self._usual_prompt,
            "sample_tokens": lengths[:: max(1, len(lengths) // 16)],
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> "Pace":
        """A pace that starts from what was learnt before; soon what it sees itself counts more.

        Raises KeyError, TypeError or ValueError where `state` is none. How fast the engine can
        close a thought is not taken over: it decides what is refused, and has to be seen.
        """
        if state["version"] != VERSION:
            raise ValueError("a state of another version")
        pace = cls()
        pace._first.restore(state["first_token"])
        pace._token.restore(state["token"])
        (pace._usual_prompt,) = numbers((state["usual_prompt"],), least=0.0)
        pace._sample_tokens.extend(numbers(state["sample_tokens"], least=1.0))
        return pace
