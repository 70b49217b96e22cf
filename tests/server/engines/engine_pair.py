"""An engine with others of its model behind it, all of them scripted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from quorate_sampling.engine import Delta, SampleStream
from quorate_sampling.errors import EngineFailed, EngineUnavailable
from quorate_server.engines.hedge_budget import MOST_SHARE, HedgeBudget
from quorate_server.engines.hedged import HedgedEngine
from quorate_server.engines.race import Standby
from tests.sampling.scripted import Script, ScriptedEngine

STALLED = Script(first_s=1_000.0)
DOWN = EngineUnavailable("nobody is listening")
CRASHED = EngineFailed("it broke off")
AFTER_S = 0.3
"""When a second engine is asked."""


def engine(*scripts: Script, **fields: object) -> ScriptedEngine:
    return ScriptedEngine(scripts or (Script(),), **fields)  # type: ignore[arg-type]


@dataclass
class Counted:
    """A standby whose samples are counted."""

    engine: ScriptedEngine
    idle: bool = True
    now: int = 0
    ever: int = 0

    @contextmanager
    def count(self) -> Iterator[None]:
        self.now += 1
        self.ever += 1
        yield
        self.now -= 1

    @property
    def standby(self) -> Standby:
        return Standby(self.engine, self.count, self.idle)


@dataclass
class Pair:
    """A primary and its standbys; their budget is full."""

    primary: ScriptedEngine
    others: list[Counted] = field(default_factory=list)
    budget: HedgeBudget = field(default_factory=lambda: HedgeBudget(MOST_SHARE))
    hedging: bool = True

    def __post_init__(self) -> None:
        for _ in range(100):
            self.budget.drawn()

    def engine(self) -> HedgedEngine:
        return HedgedEngine(
            self.primary,
            lambda: [other.standby for other in self.others],
            self.budget,
            patience_s=(lambda: AFTER_S) if self.hedging else None,
        )

    def assert_nothing_is_left(self) -> None:
        assert self.primary.running == 0
        assert all(other.engine.running == 0 for other in self.others)
        assert all(other.now == 0 for other in self.others)


def pair(primary: ScriptedEngine, *others: ScriptedEngine, hedging: bool = True) -> Pair:
    return Pair(primary, [Counted(other) for other in others], hedging=hedging)


async def read(stream: SampleStream) -> list[Delta]:
    """All pieces; the stream is freed however that ends."""
    try:
        return [piece async for piece in stream]
    finally:
        await stream.aclose()


def text(pieces: list[Delta]) -> str:
    return "".join(piece.content for piece in pieces)
