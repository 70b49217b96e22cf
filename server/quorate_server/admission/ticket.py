"""A place on an engine: what an admitted request holds until it is done."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from quorate_server.admission.demand import Demand
from quorate_server.errors import EngineUnavailable, Overloaded


@dataclass(slots=True, eq=False)
class Ticket:
    """One request that waits for an engine, or that has been let in.

    Once let in it holds the slots it asked for, and as many more as it has samples running; `tell`
    is called with the change.
    """

    demand: Demand
    came_at: float
    order: tuple[float, int]
    """Its place in the queue: the point it is due at, then who came first."""
    tell: Callable[[int], None]
    entry: asyncio.Future[Overloaded | EngineUnavailable | None] | None = None
    """Done when it is let in, or with what tells why it is not; None where it never had to wait."""
    let_in_at: float | None = None
    end_by: float | None = field(init=False)
    """When its samples have to have ended: the demand's, or earlier where others wait."""
    reserved: int = field(init=False)
    """Slots that are its own, used or not."""
    running: int = 0
    """Its samples on the engine just now."""

    def __post_init__(self) -> None:
        self.end_by = self.demand.end_by
        self.reserved = self.demand.samples

    @property
    def slots(self) -> int:
        """What it holds once it has been let in."""
        return max(self.reserved, self.running)

    @property
    def queued_s(self) -> float:
        """How long it waited; 0.0 while it still does."""
        return 0.0 if self.let_in_at is None else self.let_in_at - self.came_at

    def began(self) -> None:
        """Note that one of its samples is sent to the engine."""
        self._hold(self.reserved, self.running + 1)

    def ended(self) -> None:
        """Note that one of its samples is no longer on the engine."""
        self._hold(self.reserved, self.running - 1)

    def give_back(self) -> None:
        """Hold no more slots than are used: for whom nothing more is drawn here.

        Who goes on to wait elsewhere must do this first: two that hold what the other waits for
        would wait for ever.
        """
        self._hold(0, self.running)

    def free_at(self, now: float) -> float:
        """When its slots are expected back.

        It takes what its samples usually take, and by its deadline it is over. One that has taken
        longer than usual is expected to take a little longer still.
        """
        typical_s = self.demand.typical_s
        begun_at = now if self.let_in_at is None else self.let_in_at
        at = max(begun_at + typical_s, now + typical_s / 4)
        return at if self.end_by is None else max(now, min(at, self.end_by))

    def _hold(self, reserved: int, running: int) -> None:
        before = self.slots
        self.reserved, self.running = reserved, running
        if self.slots != before:
            self.tell(self.slots - before)
