import asyncio

import pytest

from quorate_sampling.closers import Closing, CutThoughts
from quorate_sampling.engine import Abilities
from quorate_server.admission.demand import Demand, UnderLoad
from quorate_server.admission.limit import LEAST
from quorate_server.engines.replica import KEPT_LABELS, Replica, ReplicaPool
from quorate_server.engines.vllm import HttpEngine
from quorate_server.errors import EngineUnavailable, ModelNotFound
from tests.sampling.scripted import ScriptedEngine
from tests.server.engines.fake_upstream import FakeUpstream, told


def replica(*models: str, ready: bool = True, capacity: int | None = None) -> Replica:
    upstream = FakeUpstream(lambda _: told(200, {}))
    engine = HttpEngine(upstream, name="e", abilities=Abilities())
    return Replica(upstream, engine, models, ready=ready, capacity=capacity)


def test_the_least_busy_replica_that_is_ready_is_picked() -> None:
    busy, down, free = replica("m"), replica("m", ready=False), replica("m")
    with busy.lease():
        assert ReplicaPool([busy, down, free]).pick("m") is free


@pytest.mark.parametrize(
    ("cut_thoughts", "under_load", "gives_way"),
    [
        ("worthless", None, "refuse"),
        ("useful", None, "shorten"),
        ("worthless", "shorten", "shorten"),
        ("useful", "triage", "triage"),
    ],
)
def test_what_gives_way_under_load_is_said_by_the_operator_or_the_models_family(
    cut_thoughts: CutThoughts, under_load: UnderLoad | None, gives_way: UnderLoad
) -> None:
    closing = Closing("any", "</think>", "</think>", cut_thoughts=cut_thoughts)
    engine = ScriptedEngine([], closing=closing)
    upstream = FakeUpstream(lambda _: told(200, {}))
    assert Replica(upstream, engine, ("m",), under_load=under_load).gives_way == gives_way


def test_a_model_that_no_engine_serves_does_not_exist() -> None:
    for pool in (ReplicaPool(), ReplicaPool([replica("a"), replica("b", ready=False)])):
        with pytest.raises(ModelNotFound, match="`m`"):
            pool.pick("m")


def test_a_model_may_be_that_of_an_engine_not_yet_reached() -> None:
    pool = ReplicaPool([replica("a"), replica(ready=False)])
    with pytest.raises(EngineUnavailable) as failure:
        pool.pick("m")
    assert failure.value.retryable
    assert pool.pick("a") is pool.replicas[0]


async def test_a_replica_taken_down_closes_what_it_had_open() -> None:
    taken = replica("m")
    old, new = taken.upstream, FakeUpstream(lambda _: told(200, {}))
    await taken.take_down(new)
    assert isinstance(old, FakeUpstream)
    assert old.closed
    assert (taken.upstream, taken.ready) == (new, False)


async def test_free_slots_are_what_the_engine_runs_at_once_less_what_it_runs() -> None:
    known = replica("m", capacity=4)
    assert known.admission.free == 4
    async with known.entered(Demand(samples=2)) as ticket:
        assert (known.admission.free, known.in_flight) == (2, 1)
        with known.lease():
            assert (known.admission.free, known.in_flight) == (1, 2)
        for _ in range(9):
            ticket.began()
        assert known.admission.free == 0
        for _ in range(9):
            ticket.ended()
        assert known.admission.free == 2
    assert (known.admission.free, known.in_flight) == (4, 0)


async def test_an_engine_of_unknown_capacity_starts_with_a_modest_one() -> None:
    assert replica("m").admission.free == LEAST


async def test_a_replica_taken_down_lets_nobody_wait_for_it() -> None:
    taken = replica("m", capacity=1)
    async with taken.entered(Demand()):
        waiting = asyncio.create_task(_enter(taken))
        await asyncio.sleep(0)
        assert taken.admission.queued == 1
        await taken.take_down(FakeUpstream(lambda _: told(200, {})))
        with pytest.raises(EngineUnavailable):
            await waiting
    assert (taken.in_flight, taken.admission.in_flight) == (0, 0)


async def _enter(entered: Replica) -> None:
    async with entered.entered(Demand()):
        pass


async def test_labels_are_prepared_once() -> None:
    engine = ScriptedEngine()
    scored = Replica(FakeUpstream(lambda _: told(200, {})), engine, ("m",))
    prepared = await scored.prepared_labels(("spam", "ham"))
    assert prepared is not None
    assert await scored.prepared_labels(("spam", "ham")) is prepared
    for number in range(2 * KEPT_LABELS):
        await scored.prepared_labels((f"a{number}", f"b{number}"))
    assert len(scored.labels) == KEPT_LABELS
