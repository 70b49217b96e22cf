from dataclasses import replace

from quorate_sampling.errors import EngineUnavailable
from quorate_server.engines.replica import Replica
from quorate_server.engines.warmup import warm_up
from tests.sampling.scripted import ABLE, CLOSING, Script, ScriptedEngine
from tests.server.scripted_gateway import NoUpstream, quick


def replica_of(engine: ScriptedEngine) -> Replica:
    return Replica(NoUpstream(), engine, ("abacus",))


async def test_a_pace_is_there_before_the_first_request() -> None:
    replica = replica_of(ScriptedEngine([quick(token_s=0.001)]))
    await warm_up(replica)
    assert replica.pace.first_token
    assert replica.pace.token
    assert replica.pace.closing
    assert replica.closings


async def test_what_was_known_of_the_engine_before_is_forgotten() -> None:
    replica = replica_of(ScriptedEngine([quick()]))
    replica.pace.closing.append(99.0)
    await replica.prepared_closing(boxed=False)
    await warm_up(replica)
    assert 99.0 not in replica.pace.closing
    assert set(replica.closings) == {CLOSING.boxed_opener}


async def test_an_engine_whose_thoughts_cannot_be_closed_is_spared() -> None:
    engine = ScriptedEngine([quick()], abilities=replace(ABLE, token_ids=False))
    await warm_up(replica_of(engine))
    assert engine.draws == []


async def test_an_engine_that_fails_meanwhile_is_none_the_worse() -> None:
    down = ScriptedEngine([Script(error=EngineUnavailable("down"), first_s=0)])
    replica = replica_of(down)
    await warm_up(replica)
    assert replica.pace.shortest_answer_s() == 0.0
