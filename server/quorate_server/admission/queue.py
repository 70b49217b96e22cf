"""Who waits for an engine, earliest deadline first."""

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from quorate_server.admission.ticket import Ticket

PATIENT_S = 30.0
"""A request without a deadline waits as if it had to begin within this time: behind nearly all
that have one, and yet not for ever."""


@dataclass(slots=True)
class DeadlineQueue:
    """Tickets by the point they are due at; of those due together, who came first.

    Earliest deadline first is optimal on one engine as long as all can be served at all (Liu and
    Layland, 1973); that they can is seen to by whoever puts them here.
    """

    _tickets: list[Ticket] = field(init=False, default_factory=list)

    def __len__(self) -> int:
        return len(self._tickets)

    def __iter__(self) -> Iterator[Ticket]:
        return iter(self._tickets)

    @property
    def head(self) -> Ticket | None:
        """Who is next."""
        return self._tickets[0] if self._tickets else None

    def place(self, ticket: Ticket) -> int:
        """How many would be served before a ticket that is not in the queue."""
        return sum(other.order < ticket.order for other in self._tickets)

    def add(self, ticket: Ticket) -> None:
        insort(self._tickets, ticket, key=lambda each: each.order)

    def remove(self, ticket: Ticket) -> bool:
        """Take a ticket out, wherever it stands; whether it was there."""
        try:
            self._tickets.remove(ticket)
        except ValueError:
            return False
        return True
