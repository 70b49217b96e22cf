"""Requests that ask for more than a plain completion: a group, a deadline, or both."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace

from quorate_sampling.closers import PreparedClosing
from quorate_sampling.deadline import Clock
from quorate_sampling.drawing import Prompt
from quorate_sampling.engine import Engine
from quorate_sampling.timetable import TAIL_S
from quorate_server.admission.admitted import AdmittedEngine
from quorate_server.admission.entering import MAX_SAMPLES_IN_FLIGHT, Entrance
from quorate_server.admission.ticket import Ticket
from quorate_server.consensus.answering import answer_by_vote
from quorate_server.consensus.keepalive import Keepalive
from quorate_server.consensus.options import ConsensusOptions
from quorate_server.consensus.relations import Relations
from quorate_server.engines.hedge_budget import HedgeBudget
from quorate_server.engines.hedged import hedged_engine
from quorate_server.engines.replica import Replica, ReplicaPool
from quorate_server.errors import DeadlineExceeded, ModelNotFound, RequestError
from quorate_server.forcing import why_not_forced
from quorate_server.gateway.asgi import Receive, Send
from quorate_server.gateway.incoming import Incoming
from quorate_server.gateway.peek import Peek
from quorate_server.gateway.reply import Reply
from quorate_server.job import Job, read_job
from quorate_server.lag import LoopLag
from quorate_server.learning.learning import Learning
from quorate_server.leaving import while_connected
from quorate_server.ledger import Ledger, Prices
from quorate_server.tab import Tab
from quorate_server.time_plan import refuse_the_late, time_plan
from quorate_server.timely import answer_in_time
from quorate_server.work import Work, shape_of

STREAM_INTERVAL = 16
SHOWN_INTERVAL = 1
"""Tokens a chunk where a client watches the text appear."""


@dataclass(frozen=True, slots=True)
class Extended:
    """Handles what the hot path does not. Errors are raised, and told by the hot path."""

    pool: ReplicaPool
    ledger: Ledger
    lag: LoopLag
    prices: Prices | None = None
    learning: Learning = field(default_factory=Learning)
    relations: Relations = field(default_factory=Relations)
    hedging: HedgeBudget = field(default_factory=HedgeBudget)
    max_samples: int = MAX_SAMPLES_IN_FLIGHT
    clock: Clock = time.monotonic

    async def __call__(self, incoming: Incoming, peek: Peek, receive: Receive, send: Send) -> None:
        models = self.pool.models()
        job = read_job(incoming, self.pool.serves, models[0] if len(models) == 1 else None)
        self.pool.ready(job.model)  # what no engine serves is told before what it asks for
        if job.options is not None:
            self._check(job, job.options)
        reply = Reply(send, job.request_id)
        await while_connected(receive, self._answer(job, reply))

    def _check(self, job: Job, options: ConsensusOptions) -> None:
        """Raises RequestError for what this server cannot do for any request."""
        self.relations.check(options.relation)
        other = options.thresholds.escalate_to
        where = "consensus.on_low_confidence.escalate"
        if other is not None and not self.pool.serves(other):
            raise ModelNotFound(f"The model `{other[:80]}` does not exist.", param=where)
        if other == job.model:
            raise RequestError(f"`{where}` names the model that was asked first.", param=where)

    async def _answer(self, job: Job, reply: Reply) -> None:
        options = job.options
        if options is None:
            async with self._work(job, reply, []) as work:
                await answer_in_time(work)
            return
        # From here on, not from where it is drawn: it may wait long to be let in.
        alive = Keepalive(reply, shape_of(job), progress=options.progress)
        async with alive if job.stream else nullcontext(), self._work(job, reply, []) as work:
            await answer_by_vote(work, options, alive)

    @asynccontextmanager
    async def _work(self, job: Job, reply: Reply, waits: list[float]) -> AsyncIterator[Work]:
        """The work on the replica that lets it in first; when it is left, it is billed.

        How long it waited is added to `waits`.

        Raises Overloaded and DeadlineInfeasible where it is not let in, DeadlineExceeded where
        there is no time left for it.
        """
        entrance = Entrance(self.pool, self.lag, self.max_samples)
        async with entrance.entered(job, yielding=_may_close(job)) as (replica, ticket):
            waits.append(ticket.queued_s)
            closing = await _closing(job, replica)
            prompt_tokens = replica.prompt_length.tokens(job.body)
            answers = None if closing is None else replica.answers[closing.opener, job.has_grammar]
            timetable = time_plan(
                job,
                replica.pace,
                closing,
                self.lag,
                prompt_tokens,
                answers,
                answer_by=ticket.end_by,
            )
            if timetable is not None:
                refuse_the_late(timetable.deadline)
            tab = Tab(
                model=job.model,
                kind=_kind(job),
                end_ids=closing.end_ids if closing is not None else (),
            )
            not_forced = why_not_forced(job, closing)
            shown = job.stream and job.options is None
            prompt = Prompt(
                body=job.body,
                request_id=job.request_id,
                chat=job.chat,
                seed=job.seed,
                closing=closing if not_forced is None else None,
                limit=job.token_limit,
                context=replica.max_model_len,
                stream_interval=SHOWN_INTERVAL if shown else STREAM_INTERVAL,
                tokens=prompt_tokens,
                ending=closing,
                budgeted=not_forced in ("tools", "media"),
                answers=answers,
            )
            try:
                yield Work(
                    job=job,
                    replica=replica,
                    engine=self._engine(job, replica, ticket, prompt_tokens),
                    prompt=prompt,
                    timetable=timetable,
                    tab=tab,
                    prices=self.prices,
                    reply=reply,
                    clock=self.clock,
                    learning=self.learning,
                    relations=self.relations,
                    elsewhere=lambda model: self._elsewhere(job, model, reply, ticket, waits),
                    free_slots=entrance.more_for(replica, ticket),
                    drawn=ticket.give_back,
                    waits=waits,
                    not_forced=not_forced,
                )
            except DeadlineExceeded:
                replica.admission.missed(ticket)
                raise
            finally:
                replica.prompt_length.told(job.body, tab.prompt_tokens)
                self.ledger.record(tab.bill())

    def _engine(self, job: Job, replica: Replica, ticket: Ticket, prompt_tokens: int) -> Engine:
        deadline = None if job.limit is None else job.limit.deadline
        engine = hedged_engine(
            self.pool,
            replica,
            job.model,
            self.hedging,
            timed=deadline is not None,
            prompt_tokens=prompt_tokens,
        )
        return AdmittedEngine(engine, ticket, replica.admission, deadline)

    @asynccontextmanager
    async def _elsewhere(
        self, job: Job, model: str, reply: Reply, ticket: Ticket, waits: list[float]
    ) -> AsyncIterator[Work]:
        ticket.give_back()
        # Ids of samples are unique on an engine, and one engine may serve both models.
        other = replace(
            job,
            model=model,
            request_id=f"{job.request_id}-2",
            body={**job.body, "model": model},
        )
        async with self._work(other, reply, waits) as work:
            yield work


def _kind(job: Job) -> str:
    if job.options is not None:
        return "group"
    return "plain" if job.limit is None else "deadline"


async def _closing(job: Job, replica: Replica) -> PreparedClosing | None:
    """How to close a thought, if the engine allows it; asked of it before the first request."""
    boxed = job.options is not None and job.options.boxes_answers and not job.has_grammar
    seconds = None if job.limit is None else max(0.0, job.limit.deadline.remaining_s() - TAIL_S)
    try:
        async with asyncio.timeout(seconds):
            exact = await replica.prepared_closing(boxed=boxed)
    except TimeoutError:
        raise DeadlineExceeded("The engine did not answer in time.", param="deadline") from None
    return exact or replica.closing_in_words(boxed=boxed)


def _may_close(job: Job) -> bool:
    """Whether its thinking may be cut, as far as the request goes."""
    on_miss = "answer" if job.limit is None else job.limit.on_miss
    return job.continuable and on_miss == "answer"
