"""The door of one engine: who is let in at once, who waits, who is refused."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from math import inf

from quorate_sampling.deadline import Clock
from quorate_server.admission.arrivals import Arrivals
from quorate_server.admission.demand import Demand, UnderLoad
from quorate_server.admission.limit import AdaptiveLimit
from quorate_server.admission.outlook import Outlook
from quorate_server.admission.queue import PATIENT_S, DeadlineQueue
from quorate_server.admission.refusing import refusal
from quorate_server.admission.schedule import Task, in_vain, slack_s
from quorate_server.admission.ticket import Ticket
from quorate_server.admission.waits import DoorCounts, Refusal
from quorate_server.errors import EngineUnavailable, Overloaded

MAX_QUEUE = 256
OVERCOMMITTED = 4
"""The limit is an estimate and a promise is not: so many slots allow one more for those whose time
to begin has come and who were let wait, or who are to be answered without a thought."""
PRESSED: Mapping[UnderLoad, int] = {"triage": 4, "refuse": 2}
"""An engine is busy with one in so many of the samples it could have: each takes notably longer
then. A refusal costs more than a thought."""
LOADED = 2
"""An engine that draws one in so many of the samples it could have may be slow for their number."""
REVIEW_S = 0.05
"""While requests come and go, it is looked so often whether who waits can still be served."""
RELAYED_SHARE = 2
"""Relayed requests, which nobody holds back, take at most one slot in so many: those that wait for
a slot would else wait for ever."""


@dataclass(slots=True, eq=False)
class Admission:
    """Lets requests in as far as the engine's limit on samples goes, earliest deadline first.

    Whether a request can make it is decided when it comes (DAGOR, Zhou et al. 2018: what is going
    to fail fails early): by a schedule of who holds slots and who waits for them. A newcomer that
    would be late, or would make late who was promised to be served, is refused. Who was let wait is
    let in by the time it has to begin, a little over the limit if need be; where even that is not
    going to be enough, for the engine became slower, it is refused when that shows.

    When others wait, who is let in is promised less time, if it can do with less: its share of the
    slots by the rate at which they are asked for, never so much that somebody waiting would be
    late. So thinking gets shorter before anybody is refused. Where a thought that was cut is worth
    nothing, who has time for a whole one keeps it instead, and the others give way.
    """

    limit: AdaptiveLimit = field(default_factory=AdaptiveLimit)
    max_queue: int = MAX_QUEUE
    clock: Clock = time.monotonic
    counts: DoorCounts = field(default_factory=DoorCounts)
    relayed: int = 0
    """Requests that the engine has beside those let in here."""
    _queue: DeadlineQueue = field(init=False, default_factory=DeadlineQueue)
    _inside: set[Ticket] = field(init=False, default_factory=set)
    _held: int = field(init=False, default=0)
    """Slots of those inside."""
    _arrivals: Arrivals = field(init=False, default_factory=Arrivals)
    _number: Iterator[int] = field(init=False, default_factory=count)
    _foreseen: Outlook | None = field(init=False, default=None)
    """None as soon as somebody came or went."""
    _reviewed_at: float = field(init=False, default=-inf)

    @property
    def queued(self) -> int:
        """Requests that wait."""
        return len(self._queue)

    @property
    def in_flight(self) -> int:
        """Samples on the engine, or about to be sent to it."""
        return self._held + self.relayed

    @property
    def free(self) -> int:
        """Slots that nobody holds."""
        return max(0, self._slots - self._held)

    def more_for(self, ticket: Ticket) -> int:
        """How many samples one that was let in may have beside those it runs.

        Its own that it does not use, and the free ones unless somebody waits for them.
        """
        return ticket.slots - ticket.running + (0 if self._queue else self.free)

    @asynccontextmanager
    async def entered(self, demand: Demand) -> AsyncIterator[Ticket]:
        """Be let in, for as long as the context is open.

        Raises Overloaded where it cannot be in time, or too many wait; EngineUnavailable where the
        engine went out of service while it waited.
        """
        now = self.clock()
        self._review(now)
        due = now + PATIENT_S if demand.end_by is None else demand.end_by
        ticket = Ticket(demand, now, (due, next(self._number)), self._changed)
        if self._gives_way(ticket, now):
            if demand.under_load == "refuse":
                raise self._refusal(ticket, "overloaded", now)
            ticket.demand = demand.cut()
        if self._has_to_wait(ticket):
            await self._wait(ticket)
        elif not demand.possible(now):
            raise self._refusal(ticket, "overloaded", now)
        else:
            self._arrivals.came(demand.samples, now)
            self._let_in(ticket, now)
        try:
            yield ticket
        finally:
            self._leave(ticket)

    def starts_in_s(self, samples: int = 1) -> float:
        """How long a request that came now would wait, as far as can be told."""
        if not self._queue and samples <= self.free:
            return 0.0
        now = self.clock()
        return max(0.0, self._outlook(now).begins(samples) - now)

    def turn_away(self) -> None:
        """Let nobody wait any longer: the engine is out of service."""
        for ticket in list(self._queue):
            self._gone(ticket)
            assert ticket.entry is not None
            ticket.entry.set_result(EngineUnavailable("The engine went out of service."))

    def relay(self, samples: int) -> None:
        """Note that so many samples more, or fewer, are on the engine that were not let in here."""
        self.relayed += samples
        if samples < 0 and self._queue:
            self._admit()

    def missed(self, ticket: Ticket) -> None:
        """Note that one who was let in was not answered in time, though its thought could be cut.

        Too many were let in then; where few were it has other reasons, which a lower limit would
        not mend.
        """
        others = self.in_flight - ticket.slots
        if ticket.demand.yielding and others * LOADED >= self.limit.samples:
            self.limit.dropped()

    def _gives_way(self, ticket: Ticket, now: float) -> bool:
        """Whether it is not to think, for there is no time for a whole thought."""
        demand = ticket.demand
        if not demand.whole:
            return False
        if not demand.fits(now):
            return bool(self._queue) or self.in_flight * PRESSED[demand.under_load] > self._slots
        return self._has_to_wait(ticket) and not self._fits(ticket, now)

    def _has_to_wait(self, ticket: Ticket) -> bool:
        """Who is answered without a thought is gone again before it would be worth waiting."""
        if ticket.demand.brief and not self._too_many(ticket):
            return False
        return bool(self._queue) or self._needs(ticket) > self.free

    def _too_many(self, ticket: Ticket) -> bool:
        """Whether there is no room for it even over the limit."""
        most = self._slots + self._slots // OVERCOMMITTED
        return self._held + self._needs(ticket) > most

    async def _wait(self, ticket: Ticket) -> None:
        now = self.clock()
        self._check(ticket, now)
        self._arrivals.came(ticket.demand.samples, now)
        entry = ticket.entry = asyncio.get_running_loop().create_future()
        self._queue.add(ticket)
        self._foreseen = None
        patience_s = ticket.demand.start_by - now
        try:
            # It leaves the entry as it is, so that what was decided in the very turn of the loop
            # in which the time was up counts.
            await asyncio.wait([entry], timeout=patience_s if patience_s < inf else None)
        except BaseException:
            if ticket in self._inside:  # let in and cancelled in the same turn of the loop
                self._leave(ticket)
            elif self._gone(ticket):
                self._admit()  # who stood behind it may fit where it did not
            raise
        if not entry.done():
            self._keep_promise(ticket)
        elif (why_not := entry.result()) is not None:
            raise why_not

    def _keep_promise(self, ticket: Ticket) -> None:
        """Let somebody in whose time has come though no slot is free, or refuse it after all."""
        self._gone(ticket)
        now = self.clock()
        if self._too_many(ticket) or ticket.demand.hopeless(now):
            self._admit()
            raise self._refusal(ticket, "waited_in_vain", now)
        self._let_in(ticket, now)

    def _check(self, ticket: Ticket, now: float) -> None:
        """Raises Overloaded where the ticket cannot be let wait."""
        if len(self._queue) >= self.max_queue:
            raise self._refusal(ticket, "queue_full", now)
        if not self._fits(ticket, now):
            raise self._refusal(ticket, "overloaded", now)

    def _fits(self, ticket: Ticket, now: float) -> bool:
        """Whether it can wait for its turn with nobody late for it."""
        return self._outlook(now).fits(_task(ticket), self._queue.place(ticket))

    def _review(self, now: float) -> None:
        """Refuse at once who would be let in too late, even over the limit, as it looks by now."""
        if not self._queue or now - self._reviewed_at < REVIEW_S:
            return
        self._reviewed_at = now
        waiting = list(self._queue)
        free_at = self._free_at(now, self._slots + self._slots // OVERCOMMITTED)
        latest = [ticket.demand.hopeless_at for ticket in waiting]
        late = [waiting[index] for index in in_vain(free_at, self._waiting(), latest)]
        told = [self._refusal(ticket, "waited_in_vain", now) for ticket in late]
        for ticket, error in zip(late, told, strict=True):
            self._gone(ticket)
            assert ticket.entry is not None
            ticket.entry.set_result(error)

    def _gone(self, ticket: Ticket) -> bool:
        """Let it wait no longer; whether it did."""
        self._foreseen = None
        return self._queue.remove(ticket)

    def _refusal(self, ticket: Ticket, reason: Refusal, now: float) -> Overloaded:
        self.counts.refused[reason] += 1
        demand = ticket.demand
        # Behind everybody, where nobody is made late by it.
        needed_s = demand.whole_s if demand.whole else demand.needed_s
        end = self._outlook(now).begins(demand.samples) + needed_s
        return refusal(reason, demand, now=now, end=end, max_queue=self.max_queue)

    def _admit(self) -> None:
        """Let in who is next, as long as there is room."""
        self._review(self.clock())
        while (head := self._queue.head) is not None and self._needs(head) <= self.free:
            self._gone(head)
            assert head.entry is not None
            now = self.clock()
            if head.demand.hopeless(now):
                head.entry.set_result(self._refusal(head, "waited_in_vain", now))
            else:
                self._let_in(head, now)
                head.entry.set_result(None)

    def _let_in(self, ticket: Ticket, now: float) -> None:
        ticket.let_in_at = now
        ticket.end_by = self._wanted_by(ticket, now)
        self._inside.add(ticket)
        self._foreseen = None
        self._held += ticket.slots
        self.counts.let_in(ticket.queued_s)

    def _wanted_by(self, ticket: Ticket, now: float) -> float | None:
        """When its samples have to have ended, for the sake of others."""
        demand = ticket.demand
        if demand.end_by is None or not demand.yielding:
            return demand.end_by
        if demand.brief:
            return min(demand.end_by, now + demand.least_s)
        if demand.whole or not self._queue:
            return demand.end_by
        return min(demand.end_by, now + self._share_s(ticket, now))

    def _share_s(self, ticket: Ticket, now: float) -> float:
        """How long one may take that is let in while others wait."""
        least_s = ticket.demand.least_s
        taken = [now + least_s] * self._needs(ticket)
        free_at = sorted(self._free_at(now, self._slots))[len(taken) :]
        spare_s = slack_s([*taken, *free_at], self._waiting())
        return max(least_s, min(least_s + spare_s, self._arrivals.share_s(self._slots, now)))

    def _leave(self, ticket: Ticket) -> None:
        self._inside.remove(ticket)
        self._foreseen = None
        self._held -= ticket.slots
        ticket.tell = _nobody
        self._admit()

    def _changed(self, slots: int) -> None:
        """Somebody inside holds so many slots more, or fewer."""
        self._held += slots
        self._foreseen = None
        if slots < 0 and self._queue:
            self._admit()

    @property
    def _slots(self) -> int:
        """Slots for those let in here."""
        limit = self.limit.samples
        return max(1, limit - min(self.relayed, limit // RELAYED_SHARE))

    def _needs(self, ticket: Ticket) -> int:
        """Slots that have to be free for it; all of them are enough for any."""
        return min(ticket.demand.samples, self._slots)

    def _outlook(self, now: float) -> Outlook:
        if self._foreseen is None or not self._foreseen.holds(self._slots, now):
            self._foreseen = Outlook(now, self._free_at(now, self._slots), self._waiting())
        return self._foreseen

    def _waiting(self) -> list[Task]:
        return [_task(ticket) for ticket in self._queue]

    def _free_at(self, now: float, slots: int) -> list[float]:
        """When each of so many slots is expected to be free."""
        held = sorted(at for t in self._inside for at in [t.free_at(now)] * t.slots)
        # Where more are held than there are, those that end first free nothing.
        return [now] * (slots - len(held)) + held[max(0, len(held) - slots) :]


def _task(ticket: Ticket) -> Task:
    demand = ticket.demand
    end_by = inf if demand.end_by is None else demand.end_by
    return Task(demand.samples, demand.needed_s, end_by)


def _nobody(_slots: int) -> None:
    """Who has left is not heard any more."""
