"""The client for engines against a real vLLM: its bill, its aborts, its continuations."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from quorate_sampling.engine import Abilities, Continuation, Delta, Draw
from quorate_server.engines.connection import connect
from quorate_server.engines.replica import Replica
from quorate_server.engines.vllm import HttpEngine
from quorate_server.errors import EngineRejected
from quorate_server.http1 import HttpOrigin
from tests.e2e.engine_counters import running_requests, settled_tokens

pytestmark = [pytest.mark.engine, pytest.mark.timeout(240)]

BODY = {"model": "abacus", "messages": [{"role": "user", "content": "What is 12 + 34 - 5?"}]}
ALL = Abilities(True, True, True, True, True, thinking_budget=True)
ENDLESS = {**BODY, "ignore_eos": True}


@pytest.fixture
async def replica(engine_url: str) -> AsyncIterator[Replica]:
    upstream = HttpOrigin(engine_url)
    engine = HttpEngine(upstream, name="real", abilities=Abilities())
    replica = Replica(upstream, engine, (), ready=False)
    await connect(replica)
    yield replica
    await upstream.aclose()


async def drawn(replica: Replica, draw: Draw, stop_after_s: float | None = None) -> list[Delta]:
    stream = replica.engine.draw(draw)
    loop = asyncio.get_running_loop()
    stops: list[asyncio.Task[None]] = []
    if stop_after_s is not None:
        loop.call_later(stop_after_s, lambda: stops.append(loop.create_task(stream.stop())))
    try:
        return [delta async for delta in stream]
    finally:
        await stream.aclose()


async def test_a_probe_finds_all_abilities_and_the_family(replica: Replica) -> None:
    assert replica.ready
    able = replica.engine.abilities
    assert able == replace(ALL, priority=able.priority)
    assert replica.model_ids == ("abacus",)
    assert replica.engine.closing is not None
    assert replica.engine.closing.family == "abacus"


async def test_every_token_is_billed_whenever_a_sample_is_stopped(replica: Replica) -> None:
    """Stops from before the engine knows the request to after its end: the bill is the counter."""
    whens = random.Random(7)
    url = replica.upstream.base_url
    before = await asyncio.to_thread(settled_tokens, url)
    billed = 0
    for group in range(8):
        draws = [
            drawn(
                replica,
                Draw(f"bill-{group}-{i}", ENDLESS, seed=i, max_tokens=60),
                whens.choice([0, 0.001, 0.005, 0.02, 0.1, 0.3, None]),
            )
            for i in range(16)
        ]
        for deltas in await asyncio.gather(*draws):
            usage = deltas[-1].usage
            assert usage is not None
            assert usage.exact
            assert usage.completion_tokens == sum(len(d.token_ids) for d in deltas)
            assert deltas[-1].finish_reason in ("abort", "length")
            billed += usage.completion_tokens
    assert await asyncio.to_thread(settled_tokens, url) - before == billed


async def test_closing_the_stream_ends_the_generation(replica: Replica) -> None:
    stream = replica.engine.draw(Draw("close-1", ENDLESS, max_tokens=10_000, stream_interval=1))
    seen = 0
    async for delta in stream:
        seen += len(delta.token_ids)
        if seen > 20:
            break
    await stream.aclose()
    async with asyncio.timeout(2):
        while await asyncio.to_thread(running_requests, replica.upstream.base_url):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_continuation_is_the_same_sample_cut_and_resumed(replica: Replica) -> None:
    """Greedy, so whole and resumed must give the same tokens."""
    greedy = {**ENDLESS, "temperature": 0, "logprobs": True, "top_logprobs": 2}
    whole = await drawn(replica, Draw("whole", greedy, max_tokens=24))
    cut = await drawn(replica, Draw("cut", greedy, max_tokens=8))
    prompt = cut[0].prompt_token_ids
    assert prompt is not None
    assert prompt == await replica.engine.prompt_ids(greedy)
    head = tuple(i for delta in cut for i in delta.token_ids)
    rest = replica.engine.resume(Continuation("rest", greedy, (*prompt, *head), max_tokens=16))
    tail = [delta async for delta in rest]
    resumed = (*head, *(i for delta in tail for i in delta.token_ids))
    assert resumed == tuple(i for delta in whole for i in delta.token_ids)
    entries = [entry for delta in tail for entry in delta.logprobs]
    assert len(entries) == 16
    assert all(len(entry["top_logprobs"]) == 2 for entry in entries)
    assert tail[-1].usage is not None


async def test_a_closed_thought_is_answered(replica: Replica) -> None:
    closing = replica.engine.closing
    assert closing is not None
    cut = await drawn(replica, Draw("think", BODY, seed=1, max_tokens=3))
    assert cut[0].prompt_token_ids is not None
    generated = [i for delta in cut for i in delta.token_ids]
    closer = await replica.engine.tokenize(closing.closer + closing.boxed_opener)
    ids = (*cut[0].prompt_token_ids, *generated, *closer)
    answer = replica.engine.resume(Continuation("answer", BODY, ids, max_tokens=16, seed=1))
    text = "".join([delta.content async for delta in answer])
    assert "}" in text
    assert "<think>" not in text


@pytest.mark.parametrize(
    ("wrong", "param"),
    [({"temperature": "hot"}, "temperature"), ({"model": "nope"}, "model")],
)
async def test_a_request_that_is_wrong_is_told_as_such(
    replica: Replica, wrong: dict[str, object], param: str
) -> None:
    with pytest.raises(EngineRejected) as rejected:
        await drawn(replica, Draw("wrong", BODY | wrong))
    assert rejected.value.param == param
    assert 400 <= rejected.value.status < 500
