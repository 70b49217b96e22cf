"""One request's way through the gateway: everything its answering needs, in one value."""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from quorate_sampling.deadline import Clock
from quorate_sampling.drawing import Prompt
from quorate_sampling.engine import Engine
from quorate_sampling.pace import Pace
from quorate_sampling.planning import Course
from quorate_sampling.timetable import Timetable
from quorate_server.completion import Shape
from quorate_server.consensus.relations import Relations
from quorate_server.encoding import encode, encode_large
from quorate_server.engines.replica import Replica
from quorate_server.gateway.reply import Reply
from quorate_server.job import Job
from quorate_server.learning.learning import Learning
from quorate_server.ledger import Prices
from quorate_server.tab import Tab, wire_usage
from quorate_server.timing_told import course_told, deadline_told

logger = logging.getLogger(__name__)


def shape_of(job: Job) -> Shape:
    """The shape of a job's response; the model is named back as the client named it."""
    shown = job.body.get("include_reasoning") is not False
    return Shape.of(job.request_id, job.asked_model, chat=job.chat, show_reasoning=shown)


@dataclass(frozen=True, slots=True)
class Work:
    """A job, the engine it was given to, and where its answer and its bill go.

    `engine` is that of `replica` as the work began. `elsewhere` opens the same work on another
    model, with a bill of its own; it raises EngineError where no engine of it is ready, Overloaded
    or a DeadlineError where none lets it in.
    """

    job: Job
    replica: Replica
    engine: Engine
    prompt: Prompt
    timetable: Timetable | None
    tab: Tab
    prices: Prices | None
    reply: Reply
    clock: Clock
    learning: Learning
    relations: Relations
    elsewhere: Callable[[str], "AbstractAsyncContextManager[Work]"]
    free_slots: Callable[[], int | None] = lambda: None
    """How many samples more it may start now; None where nothing limits them."""
    drawn: Callable[[], None] = lambda: None
    """To be called once nothing more is drawn, before the answer is written: a client that reads
    slowly is not to keep others from the engine."""
    waits: Sequence[float] = ()
    """How long it waited to be let in, in seconds, at each engine it was given to."""
    not_forced: str | None = None
    """Why no thought can be closed for it; None where it can."""
    courses: list[Course] = field(default_factory=list)
    """What was planned for each drawing that has a deadline."""

    @property
    def pace(self) -> Pace:
        """How fast the engine is."""
        return self.replica.pace

    def shape(self) -> Shape:
        """The response's shape; the model is named back as the client named it."""
        return shape_of(self.job)

    def usage(self) -> dict[str, object]:
        """The bill so far, on the wire."""
        return wire_usage(self.tab.bill(), self.prices)

    def deadline_object(self, *, forced: int, missed: int = 0) -> dict[str, Any]:
        """The response's `deadline`, or nothing without one; to be merged into it.

        Of the samples that are told of `forced` had their thought closed, and `missed` had not
        come to their end. `met` is as of now: see `encoded`.
        """
        limit = self.job.limit
        if limit is None:
            return {}
        told = deadline_told(
            limit.deadline,
            self.courses[0] if self.courses else None,
            forced=forced,
            queued_s=sum(self.waits),
            not_forced=self.not_forced if missed else None,
        )
        return {"deadline": told}

    async def encoded(self, tell: Callable[[], dict[str, Any]], tokens: int) -> bytes:
        """What `tell` says, about so many tokens, as JSON; told anew if the deadline passed while
        that was being encoded, so that `met` is never said of what is written late."""
        was_late = self._is_late()
        told = await encode_large(tell(), tokens)
        if self._is_late() and not was_late:
            told = await encode_large(tell(), tokens)
        return told

    def _is_late(self) -> bool:
        limit = self.job.limit
        return limit is not None and limit.deadline.remaining_s() < 0

    def plan_told(self) -> list[dict[str, Any]]:
        """Every step of the latest plan, also put into the log for who debugs; none without one."""
        limit = self.job.limit
        if limit is None or not self.courses:
            return []
        steps = course_told(self.courses[-1], limit.deadline)
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("plan of %s: %s", self.job.request_id, encode(steps).decode())
        return steps
