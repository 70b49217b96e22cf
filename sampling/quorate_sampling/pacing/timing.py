"""One request's times, as whoever reads its stream reports them."""

from dataclasses import dataclass, field
from typing import Protocol

from quorate_sampling.deadline import Clock
from quorate_sampling.pacing.conditions import Conditions
from quorate_sampling.pacing.forecast import Expected

SEGMENT = 16
"""Tokens between two looks at how fast they come: fewer are timed by the network's whims."""

LATE = 2.0
"""What takes so many times as long as expected is late: tokens behind it may have to wait too."""

AT_ONCE = 4.0
"""Tokens that come so many times as fast as expected had waited, if they are behind a late one."""


class Watcher(Protocol):
    """Where a timing reports to: the load it is part of, and what it saw."""

    def began(self, timing: "Timing", seconds: float) -> None:
        """Its first token is there, so long after it was sent: it waits no more."""

    def went_on(self, timing: "Timing", tokens: int, seconds: float) -> None:
        """So many more tokens came in so many seconds."""

    def over(self, timing: "Timing", seconds: float) -> None:
        """It has ended, however it did: so long after its first token, or after it was sent."""


class Crowd(Protocol):
    """Where requests are counted that nobody times."""

    def left(self, count: int) -> None:
        """So many of them have ended."""


@dataclass(slots=True, eq=False)
class Untimed:
    """Samples on their way that are part of the load and no more; made by `Pace.passing`."""

    crowd: Crowd
    count: int

    def first_token(self, prompt_tokens: int | None = None) -> None:
        """Nothing is learnt from it."""

    def held_up(self) -> None:
        """Nothing is learnt from it anyway."""

    def ended(self, tokens: int, prompt_tokens: int | None = None) -> None:
        """They generate no more. Later calls do nothing."""
        self.crowd.left(self.count)
        self.count = 0


@dataclass(slots=True, eq=False)
class Timing:
    """A request on its way; made by `Pace.sent`. Always `ended`, also on failure and cancel.

    `under` is the load it was sent into; `prompt_tokens` is None until someone tells.
    `new_tokens`: those of its prompt that the engine was not sent before; None: all of them.
    What was predicted of it stands in `first_expected` and `token_expected`.
    """

    watcher: Watcher
    clock: Clock
    under: Conditions
    prompt_tokens: int | None
    new_tokens: int | None
    first_expected: Expected
    token_expected: Expected
    beside: float = 0.0
    """The load beside it when its tokens were last looked at."""
    sent_at: float = field(init=False)
    first_at: float | None = field(default=None, init=False)
    first_told: bool = field(default=False, init=False)
    """Whether its time to first token has been learnt from."""
    tokens: int = field(default=0, init=False)
    whole: bool = field(default=False, init=False)
    trusted: bool = field(default=True, init=False)
    """Whether its tokens came as fast as the engine gave them."""
    _first_tokens: int = field(default=1, init=False)
    _seen_tokens: int = field(default=1, init=False)
    _seen_at: float = field(default=0.0, init=False)
    _late: bool = field(default=False, init=False)
    """Whether the last tokens came late."""
    _over: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.sent_at = self.clock()

    @property
    def drawn(self) -> int:
        """Tokens behind those that came with the first piece."""
        return self.tokens - self._first_tokens

    def first_token(self, prompt_tokens: int | None = None) -> None:
        """Its first piece has come, telling its prompt's length or not; later calls do nothing."""
        if self.first_at is not None or self._over:
            return
        self._learn_prompt(prompt_tokens)
        self.first_at = self._seen_at = self.clock()
        seconds = self.first_at - self.sent_at
        self._late = seconds > LATE * self.first_expected.mean_s
        self.watcher.began(self, seconds)

    def held_up(self) -> None:
        """Whoever reads it was slow: how fast its tokens come tells nothing of the engine."""
        self.trusted = False

    def progress(self, tokens: int) -> None:
        """So many tokens have come by now. Need not be told; called for each piece it is cheap."""
        if not self.tokens:
            self._first_tokens = self._seen_tokens = self.tokens = tokens
        elif tokens - self._seen_tokens >= SEGMENT and self.first_at is not None:
            self._look(tokens, self.clock())

    def ended(self, tokens: int, prompt_tokens: int | None = None, *, whole: bool = False) -> None:
        """It generates no more; `tokens` came. Later calls do nothing.

        `prompt_tokens` where only the end tells them; `whole`: it ended by itself, not cut short.
        """
        if self._over:
            return
        self._over = True
        now = self.clock()
        self._learn_prompt(prompt_tokens)
        news = tokens - self._seen_tokens
        if self.trusted and self.first_at is not None and news >= self._worth_a_look():
            self._look(tokens, now)
        self.tokens, self.whole = max(tokens, self._first_tokens), whole
        self.watcher.over(self, now - (self.sent_at if self.first_at is None else self.first_at))

    def _learn_prompt(self, tokens: int | None) -> None:
        if tokens is not None and tokens > 0:  # no prompt is empty: such a count was made up
            self.prompt_tokens = tokens

    def _worth_a_look(self) -> int:
        unseen = self._seen_tokens == self._first_tokens
        return 1 if unseen else SEGMENT // 2

    def _look(self, tokens: int, now: float) -> None:
        news, seconds = tokens - self._seen_tokens, now - self._seen_at
        expected_s = news * self.token_expected.mean_s
        self.tokens = self._seen_tokens = tokens
        self._seen_at = now
        if self._late and seconds * AT_ONCE < expected_s:
            return  # they had waited: how fast the engine gave them is not to be seen
        self._late = seconds > LATE * expected_s
        self.watcher.went_on(self, news, seconds)
