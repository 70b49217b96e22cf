"""Which engine a request goes to, and its way in."""

import math
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from quorate_sampling.timetable import tail_s
from quorate_server.admission.demand import Demand
from quorate_server.admission.overlong import refuse_the_overlong
from quorate_server.admission.predicted import (
    ANSWER_TOKENS,
    first_s,
    idle_s,
    least_s,
    typical_s,
)
from quorate_server.admission.ticket import Ticket
from quorate_server.engines.replica import Replica, ReplicaPool
from quorate_server.errors import (
    DeadlineExceeded,
    DeadlineInfeasible,
    EngineUnavailable,
    Overloaded,
)
from quorate_server.job import Job
from quorate_server.lag import LEAST_MARGIN_S, LoopLag

MAX_SAMPLES_IN_FLIGHT = 16_384
IDLE_SHARE = 8
"""An engine that has one in so many of the samples it could have is taken to be idle, whatever its
pace says: a prediction that lets nobody in would never be mended."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """Lets requests in to the engine that would answer them first.

    Every request is counted where it goes as it goes there, so that the next one sees it: nothing
    piles up on an engine that merely looked idle, and to choose the least loaded of all is better
    than of two (Mitzenmacher's two choices are for those who see old counts). Ties go to chance,
    for other gateways' sake.
    """

    pool: ReplicaPool
    lag: LoopLag
    max_samples: int = MAX_SAMPLES_IN_FLIGHT
    """Samples in flight on all engines together."""

    @asynccontextmanager
    async def entered(self, job: Job, *, yielding: bool) -> AsyncIterator[tuple[Replica, Ticket]]:
        """Be let in, waiting if need be; `yielding`: whether its thinking may be cut.

        Raises DeadlineInfeasible, DeadlineExceeded or Overloaded where it cannot be in time,
        ModelNotFound and EngineUnavailable as `ReplicaPool.ready` does.
        """
        async with AsyncExitStack() as stack:
            yield await self._let_in(stack, job, yielding)

    def more_for(self, replica: Replica, ticket: Ticket) -> Callable[[], int]:
        """What says how many samples more one that was let in may start."""

        def free_slots() -> int:
            room = self.max_samples - self.pool.samples_in_flight
            return max(0, min(replica.admission.more_for(ticket), room))

        return free_slots

    async def _let_in(
        self, stack: AsyncExitStack, job: Job, yielding: bool
    ) -> tuple[Replica, Ticket]:
        while True:
            ready = self.pool.ready(job.model)
            try:
                self._refuse_the_impossible(job, ready, _answer_tokens(job, yielding))
            except DeadlineInfeasible:
                await refuse_the_overlong(job, ready[0])
                raise
            demand, replica = self._quickest(job, ready, yielding)
            if self.pool.samples_in_flight + demand.samples > self.max_samples:
                replica.admission.counts.refused["server_full"] += 1
                raise Overloaded(f"{self.max_samples} samples are being drawn already.")
            try:
                return replica, await stack.enter_async_context(replica.entered(demand))
            except EngineUnavailable:
                if replica.ready:
                    raise  # else it went down before anything was begun: on to another one

    def _quickest(self, job: Job, ready: list[Replica], yielding: bool) -> tuple[Demand, Replica]:
        demands = [(self._demand(job, replica, yielding), replica) for replica in ready]
        return min(
            demands,
            key=lambda pair: (
                pair[1].admission.starts_in_s(pair[0].samples) + pair[0].least_s,
                pair[1].in_flight,
                random.random(),
            ),
        )

    def _demand(self, job: Job, replica: Replica, yielding: bool) -> Demand:
        pace, admission = replica.pace, replica.admission
        prompt_tokens = _to_read(job, replica)
        demand = Demand(
            samples=job.n if job.options is None else 1,
            first_s=first_s(pace, prompt_tokens),
            typical_s=typical_s(pace, job.token_limit),
        )
        if job.limit is None:
            return demand
        deadline = job.limit.deadline
        idle = admission.in_flight * IDLE_SHARE <= admission.limit.samples
        after_s = tail_s(deadline.budget_s) + self.lag.margin_s(deadline.budget_s)
        return replace(
            demand,
            asked_at=deadline.started_at,
            end_by=deadline.at - after_s,
            after_s=after_s,
            least_s=(idle_s if idle else least_s)(
                pace, prompt_tokens, _answer_tokens(job, yielding)
            ),
            yielding=yielding,
            under_load=replica.gives_way,
        )

    def _refuse_the_impossible(
        self, job: Job, ready: list[Replica], answer_tokens: int | None
    ) -> None:
        """Raises DeadlineInfeasible where not even an idle engine could answer in the budget, and
        DeadlineExceeded where nothing of it is left."""
        if job.limit is None:
            return
        deadline = job.limit.deadline
        fastest_s, replica = min(
            ((idle_s(r.pace, _to_read(job, r), answer_tokens), r) for r in ready),
            key=lambda pair: pair[0],
        )
        earliest_s = fastest_s + tail_s(deadline.budget_s) + LEAST_MARGIN_S
        if deadline.budget_s < earliest_s:
            replica.admission.counts.refused["infeasible"] += 1
            earliest_ms = math.ceil(earliest_s * 1000)
            raise DeadlineInfeasible(
                f"No answer can be given in {deadline.budget_s * 1000:.0f} ms; the fastest takes "
                f"about {earliest_ms} ms.",
                earliest_ms=earliest_ms,
            )
        if deadline.remaining_s() <= tail_s(deadline.budget_s) + self.lag.margin_s(
            deadline.budget_s
        ):
            raise DeadlineExceeded(
                "The deadline had passed before anything could be drawn.", param="deadline"
            )


def _to_read(job: Job, replica: Replica) -> int:
    """About how many tokens of prompt the engine has to read: none of one that is too long for it,
    which it refuses at once, in better words than ours."""
    tokens = replica.prompt_length.tokens(job.body)
    longest = replica.max_model_len
    return 0 if longest is not None and tokens > longest else tokens


def _answer_tokens(job: Job, yielding: bool) -> int | None:
    """How many tokens answer a request at least; None where a thought has to be closed for it."""
    limit = ANSWER_TOKENS if job.token_limit is None else job.token_limit
    if yielding and limit >= ANSWER_TOKENS and not _thoughtless(job.body):
        return None
    return max(1, min(limit, ANSWER_TOKENS))


def _thoughtless(body: Mapping[str, Any]) -> bool:
    """Whether its client switched thinking off."""
    kwargs = body.get("chat_template_kwargs")
    return isinstance(kwargs, dict) and kwargs.get("enable_thinking") is False
