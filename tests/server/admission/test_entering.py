"""Where requests go, and what they are told who are not let in: through the whole gateway."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from quorate_server.admission.demand import Demand
from quorate_server.app import create_app
from quorate_server.engines.replica import Replica, ReplicaPool
from quorate_server.gateway.hotpath import Limits
from quorate_server.job import CHAT_PATH
from tests.sampling.scripted import Script, ScriptedEngine
from tests.server.scripted_gateway import NoUpstream, chat, gateway, quick, slow


def replica(engine: ScriptedEngine, *, capacity: int = 2, max_queue: int = 8) -> Replica:
    models = ("abacus", "other")
    return Replica(
        NoUpstream(), engine, models, max_model_len=16_384, capacity=capacity, max_queue=max_queue
    )


def seen(served: Replica, closing_s: float) -> Replica:
    """One that was seen to answer in so long."""
    served.pace.closed(closing_s, whole=True)
    return served


def refusals(*served: Replica) -> dict[str, int]:
    counts = [each.admission.counts.refused for each in served]
    return {str(reason): sum(c[reason] for c in counts) for c in counts for reason in c}


async def test_a_prompt_that_takes_longer_to_read_than_the_budget_is_never_possible() -> None:
    served = seen(replica(ScriptedEngine([quick()])), 0.2)
    for tokens in range(100, 4000, 100):  # it reads 1,000 tokens a second
        times = iter([0.0, tokens / 1000, tokens / 1000])
        timing = served.pace.sent(tokens, clock=times.__next__)
        timing.first_token()
        timing.ended(1)
    long = [{"role": "user", "content": "word " * 8000}]
    too_long = [{"role": "user", "content": "word " * 16_000}]  # for the engine to say
    async with gateway(pool=ReplicaPool([served])) as client:
        refused = await client.post(CHAT_PATH, json=chat(messages=long, deadline_ms=1000))
        told = await client.post(CHAT_PATH, json=chat(messages=too_long, deadline_ms=1000))
        fine = await client.post(CHAT_PATH, json=chat(deadline_ms=1000))
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "deadline_infeasible"
    assert refused.headers["x-should-retry"] == "false"
    assert int(refused.headers["x-quorate-earliest-ms"]) > 4000
    assert told.status_code == 200
    assert fine.status_code == 200
    assert refusals(served) == {"infeasible": 1}


async def test_a_prompt_that_does_not_fit_is_told_so_rather_than_to_take_more_time() -> None:
    engine = ScriptedEngine([quick()], prompt_ids_=tuple(range(20_000)))
    served = seen(replica(engine), 0.2)
    for tokens in range(100, 4000, 100):
        times = iter([0.0, tokens / 1000, tokens / 1000])
        timing = served.pace.sent(tokens, clock=times.__next__)
        timing.first_token()
        timing.ended(1)
    long = [{"role": "user", "content": "1+" * 20_000}]  # a token a character, as it turns out
    async with gateway(pool=ReplicaPool([served])) as client:
        refused = await client.post(CHAT_PATH, json=chat(messages=long, deadline_ms=1000))
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "context_length_exceeded"
    assert "16384" in refused.json()["error"]["message"]


async def test_what_closes_no_thought_is_possible_in_less_than_that_takes() -> None:
    served = seen(replica(ScriptedEngine([quick("4")])), 5.0)
    plain = {"model": "abacus", "prompt": "1+1=", "max_tokens": 1, "deadline_ms": 1000}
    async with gateway(pool=ReplicaPool([served])) as client:
        refused = await client.post(CHAT_PATH, json=chat(deadline_ms=1000))
        assert refused.json()["error"]["code"] == "deadline_infeasible"
        answered = await client.post("/v1/completions", json=plain)
        assert answered.status_code == 200
        unthinking = chat(deadline_ms=1000, chat_template_kwargs={"enable_thinking": False})
        for asked in (unthinking, chat(deadline_ms=1000, max_tokens=2)):
            answered = await client.post(CHAT_PATH, json=asked)
            assert answered.status_code == 200, answered.text
    assert refusals(served) == {"infeasible": 1}


async def test_a_short_one_waits_though_others_think_for_long() -> None:
    served = seen(replica(ScriptedEngine([quick()]), capacity=1), 0.12)
    served.pace._sample_tokens.extend([3000.0] * 20)
    tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]

    async def hold() -> None:
        async with served.entered(Demand(typical_s=0.2)):
            await asyncio.sleep(0.2)

    async with gateway(pool=ReplicaPool([served])) as client, asyncio.TaskGroup() as tasks:
        tasks.create_task(hold())
        await asyncio.sleep(0)
        asked = chat(deadline_ms=3000, tools=tools)
        refused = await client.post(CHAT_PATH, json=asked)
        answered = await client.post(CHAT_PATH, json={**asked, "max_tokens": 8})
    assert (refused.status_code, answered.status_code) == (503, 200)


@pytest.mark.parametrize("fields", [{}, {"consensus": 3}])
async def test_a_busy_engine_refuses_at_once_and_says_when_to_come_back(
    fields: dict[str, Any],
) -> None:
    served = seen(replica(ScriptedEngine([slow()]), capacity=1), 0.2)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(gateway(pool=ReplicaPool([served])))
        await stack.enter_async_context(served.entered(Demand(typical_s=30.0)))
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        refused = await client.post(CHAT_PATH, json=chat(deadline_ms=1500, **fields))
        assert loop.time() - asked_at < 0.5
    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (503, "overloaded")
    assert refused.headers["x-should-retry"] == "true"
    earliest_ms = int(refused.headers["x-quorate-earliest-ms"])
    assert 29_000 < earliest_ms < 32_000
    assert str(earliest_ms) in error["message"]
    assert 27_000 < int(refused.headers["retry-after-ms"]) < 31_000
    assert served.engine.draws == []  # type: ignore[attr-defined]


async def test_who_waited_tells_how_long_and_is_in_time() -> None:
    served = replica(ScriptedEngine([slow()]), capacity=1)
    async with gateway(pool=ReplicaPool([served])) as client:
        first, second = await asyncio.gather(
            client.post(CHAT_PATH, json=chat(deadline_ms=700)),
            client.post(CHAT_PATH, json=chat(deadline_ms=1800)),
        )
    for answered, budget_ms in ((first, 700), (second, 1800)):
        assert answered.status_code == 200
        told = answered.json()["deadline"]
        assert told["met"] is True
        assert told["elapsed_ms"] < budget_ms
    assert first.json()["deadline"]["queued_ms"] < 100
    assert 300 < second.json()["deadline"]["queued_ms"] < 1500
    assert (served.in_flight, served.admission.in_flight) == (0, 0)


@pytest.mark.parametrize(("others", "limit"), [(60, 90), (50, 90), (40, 100), (0, 100)])
async def test_an_engine_that_is_busy_and_answers_nothing_in_time_is_given_less(
    others: int, limit: int
) -> None:
    silent = Script(first_s=60.0)
    served = replica(ScriptedEngine([silent], forced=silent), capacity=100)
    async with gateway(pool=ReplicaPool([served])) as client, AsyncExitStack() as stack:
        if others:
            await stack.enter_async_context(served.entered(Demand(samples=others)))
        missed = await client.post(CHAT_PATH, json=chat(deadline_ms=300))
    assert missed.status_code == 504
    assert served.admission.limit.samples == limit


async def test_a_full_queue_is_told_as_overload() -> None:
    served = replica(ScriptedEngine([quick()]), capacity=1, max_queue=0)
    async with gateway(pool=ReplicaPool([served])) as client, served.entered(Demand()):
        refused = await client.post(CHAT_PATH, json=chat(consensus=3))
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "overloaded")
    assert "x-quorate-earliest-ms" not in refused.headers
    assert refusals(served) == {"queue_full": 1}


async def test_it_goes_to_the_engine_that_would_answer_first() -> None:
    slow_one, quick_one = ScriptedEngine([quick()]), ScriptedEngine([quick()])
    pool = ReplicaPool([seen(replica(slow_one), 0.9), seen(replica(quick_one), 0.1)])
    async with gateway(pool=pool) as client:
        for _ in range(4):
            await client.post(CHAT_PATH, json=chat(deadline_ms=3000))
    assert (len(slow_one.draws), len(quick_one.draws)) == (0, 4)


async def test_like_engines_share_what_comes_at_once() -> None:
    engines = [ScriptedEngine([slow()]) for _ in range(3)]
    pool = ReplicaPool([replica(engine, capacity=8) for engine in engines])
    async with gateway(pool=pool) as client:
        await asyncio.gather(
            *(client.post(CHAT_PATH, json=chat(deadline_ms=600)) for _ in range(9))
        )
    drawn = [engine.draws for engine in engines]
    assert all(drawn)


async def test_an_idle_engine_is_preferred_to_a_wait_for_a_quick_one() -> None:
    quick_one, other = ScriptedEngine([quick()]), ScriptedEngine([quick()])
    busy = seen(replica(quick_one, capacity=1), 0.1)
    pool = ReplicaPool([busy, seen(replica(other), 0.3)])
    async with gateway(pool=pool) as client, busy.entered(Demand(typical_s=5.0)):
        answered = await client.post(CHAT_PATH, json=chat(deadline_ms=3000))
    assert answered.status_code == 200
    assert (len(quick_one.draws), bool(other.draws)) == (0, True)


async def test_who_waits_for_an_engine_that_goes_down_is_served_by_another() -> None:
    down, up = ScriptedEngine([quick()]), ScriptedEngine([quick()])
    going, staying = replica(down, capacity=1), replica(up, capacity=1)
    pool = ReplicaPool([going, staying])
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(gateway(pool=pool))
        await stack.enter_async_context(going.entered(Demand(typical_s=0.5)))
        held = await stack.enter_async_context(staying.entered(Demand(typical_s=5.0)))
        asked = asyncio.create_task(client.post(CHAT_PATH, json=chat(deadline_ms=9000)))
        while not going.admission.queued:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await going.take_down(NoUpstream())
        held.give_back()
        answered = await asked
    assert answered.status_code == 200
    assert (len(down.draws), bool(up.draws)) == (0, True)


async def test_who_leaves_while_waiting_leaves_nothing_behind() -> None:
    engine = ScriptedEngine([quick()])
    served = replica(engine, capacity=1)
    async with gateway(pool=ReplicaPool([served])) as client, served.entered(Demand()):
        asked = asyncio.create_task(client.post(CHAT_PATH, json=chat(consensus=3)))
        while not served.admission.queued:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        assert served.admission.queued == 0
    assert (served.in_flight, served.admission.in_flight, engine.draws) == (0, 0, [])


async def test_asking_another_model_of_a_full_engine_does_not_wait_for_itself() -> None:
    served = replica(ScriptedEngine([quick("1"), quick("2"), quick("3")]), capacity=1)
    unsure = {
        "max_samples": 3,
        "min_agreement": 0.99,
        "on_low_confidence": {"escalate": "other"},
    }
    async with gateway(pool=ReplicaPool([served])) as client:
        async with asyncio.timeout(10):
            answered = await asyncio.gather(
                *(client.post(CHAT_PATH, json=chat(consensus=unsure)) for _ in range(3))
            )
    assert [response.status_code for response in answered] == [200] * 3
    assert served.admission.in_flight == 0


async def test_a_wait_for_the_model_it_goes_on_to_is_told_too() -> None:
    scripts = [quick("1"), quick("2")]
    first = Replica(NoUpstream(), ScriptedEngine(scripts), ("abacus",), capacity=8)
    second = Replica(NoUpstream(), ScriptedEngine([quick("3")]), ("other",), capacity=1)
    unsure = {
        "max_samples": 2,
        "min_agreement": 0.99,
        "on_low_confidence": {"escalate": "other"},
    }

    async def hold() -> None:
        async with second.entered(Demand(typical_s=0.9)):
            await asyncio.sleep(0.9)

    async with gateway(pool=ReplicaPool([first, second])) as client, asyncio.TaskGroup() as tasks:
        tasks.create_task(hold())
        await asyncio.sleep(0)
        answered = await client.post(CHAT_PATH, json=chat(consensus=unsure, deadline_ms=6000))
    assert answered.status_code == 200
    assert second.admission.counts.waited_s > 0.1
    queued_ms = answered.json()["deadline"]["queued_ms"]
    assert queued_ms == pytest.approx(1000 * second.admission.counts.waited_s, abs=1)


async def test_what_an_engine_does_is_in_the_metrics() -> None:
    served = replica(ScriptedEngine([Script()]), capacity=7, max_queue=0)
    async with gateway(pool=ReplicaPool([served])) as client:
        await client.post(CHAT_PATH, json=chat(consensus=2))
        async with served.entered(Demand(samples=7)):
            await client.post(CHAT_PATH, json=chat(consensus=2))
            text = (await client.get("/metrics")).text
    label = 'engine="scripted"'
    assert f"quorate_admission_limit_samples{{{label}}} 7.0" in text
    assert f"quorate_samples_in_flight{{{label}}} 7.0" in text
    assert f"quorate_queue_length{{{label}}} 0.0" in text
    assert f'quorate_requests_refused_total{{{label},reason="queue_full"}} 1.0' in text
    assert f'quorate_queue_wait_seconds_bucket{{{label},le="0.0"}} 2.0' in text
    assert f"quorate_queue_wait_seconds_count{{{label}}} 2.0" in text


async def test_samples_are_bounded_over_all_engines_together() -> None:
    engines = [ScriptedEngine([quick()]) for _ in range(2)]
    pool = ReplicaPool([replica(engine, capacity=64) for engine in engines])
    app = create_app(pool, limits=Limits(max_samples=4))
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client,
        pool.replicas[0].entered(Demand(samples=3)),
    ):
        refused = await client.post(CHAT_PATH, json=chat(deadline_ms=3000, n=2))
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "overloaded")
        assert refusals(*pool.replicas) == {"server_full": 1}
        answered = await client.post(CHAT_PATH, json=chat(deadline_ms=3000))
    assert answered.status_code == 200
    assert pool.samples_in_flight == 0
