from dataclasses import replace

from quorate_sampling.errors import EngineUnavailable
from quorate_sampling.pace import Pace
from quorate_server.engines.replica import Replica
from quorate_server.engines.warmup import warm_up
from tests.sampling.paced import paced
from tests.sampling.scripted import ABLE, CLOSING, Script, ScriptedEngine
from tests.server.scripted_gateway import NoUpstream, quick


def replica_of(engine: ScriptedEngine) -> Replica:
    return Replica(NoUpstream(), engine, ("abacus",))


async def test_a_pace_is_there_before_the_first_request() -> None:
    engine = ScriptedEngine([quick(token_s=0.001)], forced=quick(thought=0, token_s=0.001))
    replica = replica_of(engine)
    await warm_up(replica)
    assert abs(replica.pace.first_token_s(0.5) - quick().first_s) < 0.02
    assert abs(replica.pace.token_s(0.5) - 0.001) < 0.002
    assert 0 < replica.pace.shortest_answer_s() < 0.2
    assert replica.closings


async def test_what_was_known_of_the_engine_before_is_forgotten() -> None:
    replica = replica_of(ScriptedEngine([quick()]))
    replica.pace.closed(0.001, whole=True)
    await replica.prepared_closing(boxed=False)
    await warm_up(replica)
    assert replica.pace.shortest_answer_s() > 0.001
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


async def test_prompts_of_several_lengths_tell_how_fast_the_engine_reads() -> None:
    engine = ScriptedEngine([quick()])
    replica = replica_of(engine)
    replica.max_model_len = 8000
    await warm_up(replica)
    lengths = [len(draw.body["messages"][0]["content"]) for draw in engine.draws[-3:]]
    assert lengths == sorted(set(lengths))
    assert 3900 < lengths[-1] <= 4000
    texts = [draw.body["messages"][0]["content"] for draw in engine.draws[-3:]]
    assert len({text[:16] for text in texts}) == 3, "one would be in the cache of the other"
    assert all(draw.body["max_tokens"] == 1 for draw in engine.draws[-3:])


async def test_what_was_kept_of_such_an_engine_is_a_start() -> None:
    kept = Pace.restored(paced(token_s=0.5).state())
    replica = replica_of(ScriptedEngine([quick(token_s=0.001)], forced=quick(thought=0)))
    await warm_up(replica, kept)
    assert replica.pace is kept
    assert replica.pace.token_s(0.5) < 0.4
