import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from quorate_sampling.engine import Abilities
from quorate_server.engines.attached import AttachedEngine
from quorate_server.engines.launch import free_port
from quorate_server.engines.probe import EngineFacts, probe
from quorate_server.engines.replica import Replica
from quorate_server.engines.vllm import HttpEngine
from quorate_server.errors import EngineFailed, EngineUnavailable
from quorate_server.http1 import HttpOrigin
from tests.server.engines.fake_upstream import Answer, Asked, FakeUpstream, told

FAKE = str(Path(__file__).with_name("fake_engine.py"))


@asynccontextmanager
async def fake_engine(port: int, *modes: str) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, FAKE, str(port), *modes), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            await process.stdout.readline()
        yield
    finally:
        process.kill()
        await process.stdout.read()
        await process.wait()


def replica_at(port: int) -> Replica:
    upstream = HttpOrigin(f"http://127.0.0.1:{port}")
    engine = HttpEngine(upstream, name="there", abilities=Abilities())
    return Replica(upstream, engine, (), ready=False)


async def test_an_engine_that_comes_later_is_found_and_one_that_goes_is_noticed() -> None:
    port = free_port()
    replica = replica_at(port)
    ready = asyncio.Event()
    engine = AttachedEngine(replica, on_ready=lambda _: ready.set(), check_every_s=0.02)
    task = asyncio.create_task(engine.run())
    for _ in range(2):
        ready.clear()
        async with fake_engine(port):
            async with asyncio.timeout(20):
                await ready.wait()
            assert replica.ready
            assert replica.model_ids == ("fake",)
        async with asyncio.timeout(20):
            while replica.ready:  # noqa: ASYNC110  # a plain field, read by the gateway
                await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    await replica.upstream.aclose()


async def probed(port: int) -> EngineFacts:
    upstream = HttpOrigin(f"http://127.0.0.1:{port}")
    try:
        async with asyncio.timeout(20):
            while True:
                try:
                    return await probe(upstream, ())
                except EngineUnavailable:
                    await asyncio.sleep(0.02)
    finally:
        await upstream.aclose()


async def test_a_vllm_server_shows_all_its_abilities() -> None:
    port = free_port()
    async with fake_engine(port):
        facts = await probed(port)
    assert facts == EngineFacts(
        model_ids=("fake",),
        abilities=Abilities(True, True, True, True, True),
        version="0.32.0",
        max_model_len=512,
        root="/m/fake",
    )
    assert facts.missing() == []


async def test_what_an_endpoint_refuses_is_off_and_what_it_does_is_on() -> None:
    port = free_port()
    async with fake_engine(port, "poor"):
        facts = await probed(port)
    assert facts.abilities == Abilities(exact_usage=True)
    assert facts.version is None
    assert [told.partition(":")[0] for told in facts.missing()] == [
        "no token ids",
        "no abort by id",
        "no stream interval",
        "no n",
    ]


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (told(401, {"error": "Unauthorized"}), "API key"),
        (told(404, {}), "list models"),
        (told(200, {"data": []}), "no model"),
        (told(200, {"models": 1}), "list models"),
    ],
)
async def test_an_endpoint_that_is_none_is_told_apart(answer: Answer, word: str) -> None:
    with pytest.raises(EngineFailed, match=word):
        await probe(FakeUpstream(lambda _: answer), ())


async def test_the_key_goes_with_every_question() -> None:
    def answer(asked: Asked) -> Answer:
        assert asked.headers[b"authorization"] == b"Bearer k"
        if asked.path == "/v1/models":
            return told(200, {"data": [{"id": "m"}]})
        return told(404, {})

    upstream = FakeUpstream(answer)
    facts = await probe(upstream, [(b"authorization", b"Bearer k")])
    assert facts.abilities == Abilities()
    assert len(upstream.asked) > 4
