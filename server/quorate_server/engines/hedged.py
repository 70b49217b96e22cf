"""Several engines of one model as one: a second chance for a sample that does not begin.

Hedged requests after Dean and Barroso, The Tail at Scale (CACM 56, 2013): what has not begun by the
time in which 95 % do is asked of a second engine as well, within a budget of extra load.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from quorate_sampling.closers import Closing
from quorate_sampling.engine import Abilities, Continuation, Draw, Engine, SampleStream
from quorate_server.engines.hedge_budget import HedgeBudget
from quorate_server.engines.race import Hedge, Race, Standby, untimed
from quorate_server.engines.replica import Replica, ReplicaPool
from quorate_server.engines.timed import TimedStream
from quorate_server.errors import EngineFailed, EngineUnavailable

HEDGE_AT = 0.95
"""The quantile of the time to first token by which a second engine is asked."""

T = TypeVar("T")


class HedgedEngine:
    """`primary`, with others of its model behind it; one request's, as it keeps who drew what.

    A sample whose engine fails before its first token is drawn on another one. One that has not
    begun after `patience_s` is also sent to a second engine, if one is idle and `budget` allows it:
    the first to give a token draws it; None hedges nothing. What is resumed goes to the engine that
    drew it, or where that is gone to another: the token ids are the same model's. `failed` is told
    of samples that failed on `primary` before their first token.
    """

    def __init__(
        self,
        primary: Engine,
        standbys: Callable[[], list[Standby]],
        budget: HedgeBudget,
        *,
        patience_s: Callable[[], float] | None = None,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._primary = Standby(primary, failed=failed)
        self._standbys = standbys
        self._budget = budget
        self._patience_s = patience_s
        self._drawn_by: dict[str, Engine] = {}

    @property
    def name(self) -> str:
        return self._primary.engine.name

    @property
    def abilities(self) -> Abilities:
        return self._primary.engine.abilities

    @property
    def closing(self) -> Closing | None:
        return self._primary.engine.closing

    def draw(self, draw: Draw) -> SampleStream:
        """Start one sample. Raises EngineError on iteration, never here."""
        self._budget.drawn()

        def start(engine: Engine, attempt: int) -> SampleStream:
            return engine.draw(replace(draw, sample_id=_named(draw.sample_id, attempt)))

        return Race(
            start,
            self._primary,
            self._others,
            counts=self._budget.counts,
            unseen_tokens=draw.stream_interval,
            hedge=self._hedge(),
            won=lambda engine: self._drawn_by.update({draw.sample_id: engine}),
        )

    def resume(self, continuation: Continuation) -> SampleStream:
        """Go on with a cut sample where it was drawn, or where that fails before a token came,
        elsewhere."""
        sample_id = continuation.sample_id
        drawn_by = self._drawn_by.get(sample_id.rpartition("-")[0], self._primary.engine)
        # Not timed: it has most of this in its cache, which its pace would not know.
        there = (replace(s, timed=untimed) for s in self._others() if s.engine is drawn_by)
        first = next(there, self._primary)

        def start(engine: Engine, attempt: int) -> SampleStream:
            return engine.resume(replace(continuation, sample_id=_named(sample_id, attempt)))

        return Race(
            start,
            first,
            lambda: [self._primary, *self._others()],
            home=self._primary.engine,
            counts=self._budget.counts,
            unseen_tokens=continuation.stream_interval,
        )

    async def tokenize(self, text: str) -> tuple[int, ...]:
        """Token ids of a piece of text, without special tokens added around it."""
        return await self._asked(lambda engine: engine.tokenize(text))

    async def prompt_ids(self, body: Mapping[str, Any]) -> tuple[int, ...]:
        """Token ids of a chat request's prompt, chat template applied."""
        return await self._asked(lambda engine: engine.prompt_ids(body))

    async def _asked(self, question: Callable[[Engine], Awaitable[T]]) -> T:
        try:
            return await question(self._primary.engine)
        except (EngineUnavailable, EngineFailed):
            for other in self._others():
                return await question(other.engine)
            raise

    def _others(self) -> list[Standby]:
        """Those that can take over: what one can do and the other cannot would show halfway."""
        able = (self.abilities, self.closing)
        return [s for s in self._standbys() if (s.engine.abilities, s.engine.closing) == able]

    def _hedge(self) -> Hedge | None:
        return None if self._patience_s is None else Hedge(self._patience_s(), self._budget)


def hedged_engine(
    pool: ReplicaPool,
    replica: Replica,
    model: str,
    budget: HedgeBudget,
    *,
    timed: bool,
    prompt_tokens: int = 0,
) -> Engine:
    """`replica`'s engine with all others of `model` behind it, if there are any.

    Only a `timed` request is hedged: one without a deadline can wait.
    """
    if all(other is replica or model not in other.model_ids for other in pool.replicas):
        return replica.engine

    def standbys() -> list[Standby]:
        return [_standby(other) for other in pool.others(model, (replica,))]

    def patience_s() -> float:
        under = replica.pace.conditions(prompt_tokens=prompt_tokens)
        return replica.pace.first_token_s(HEDGE_AT, under)

    hedging = timed and budget.share > 0
    return HedgedEngine(
        replica.engine,
        standbys,
        budget,
        patience_s=patience_s if hedging else None,
        failed=replica.admission.limit.dropped,
    )


def _standby(other: Replica) -> Standby:
    return Standby(
        other.engine,
        other.lease,
        idle=other.admission.free > 0,
        timed=lambda stream: TimedStream(stream, other.pace),
        failed=other.admission.limit.dropped,
    )


def _named(sample_id: str, attempt: int) -> str:
    """Ids are unique also where two names lead to one engine."""
    return f"{sample_id}-again{attempt}" if attempt else sample_id
