import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from quorate_sampling.engine import Abilities
from quorate_server.engines.attached import AttachedEngine
from quorate_server.engines.backoff import Backoff
from quorate_server.engines.launch import free_port
from quorate_server.engines.probe import EngineFacts, probe
from quorate_server.engines.replica import Replica
from quorate_server.engines.vllm import HttpEngine
from quorate_server.errors import EngineFailed, EngineUnavailable
from quorate_server.http1 import HttpOrigin
from tests.listening import Listener
from tests.server.engines.fake_upstream import Answer, Asked, FakeResponse, FakeUpstream, told

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


class Hanging:
    """A server that lists one model until told to hang, and never ends an answer to `/hang`."""

    def __init__(self) -> None:
        self.hangs = False
        self.heard = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        while (await reader.readline()).strip():
            pass
        if b"/hang" in line:
            self.hangs = True
            self.heard.set()
        if self.hangs:
            await reader.read()
            return
        body = b'{"data":[{"id":"m"}]}' if b"GET /v1/models" in line else b"{}"
        status = b"200 OK" if b"GET /v1/models" in line else b"404 Not Found"
        head = b"HTTP/1.1 %s\r\ncontent-length: %d\r\n" % (status, len(body))
        writer.write(head + b"connection: close\r\n\r\n" + body)


async def test_what_an_engine_was_doing_fails_when_it_stops_answering() -> None:
    hanging = Hanging()
    ready = asyncio.Event()
    async with Listener(hanging.serve) as listener:
        replica = replica_at(listener.port)
        engine = AttachedEngine(
            replica, on_ready=lambda _: ready.set(), check_every_s=0.01, answer_within_s=0.5
        )
        task = asyncio.create_task(engine.run())
        try:
            async with asyncio.timeout(20):
                await ready.wait()
                under_way = asyncio.create_task(replica.upstream.send("GET", "/hang"))
                await hanging.heard.wait()
                before = replica.upstream
                with pytest.raises(EngineFailed):
                    await under_way
                assert not replica.ready
                assert replica.upstream is not before
                hanging.hangs = False
                ready.clear()
                await ready.wait()
            assert replica.ready
        finally:
            task.cancel()
            await asyncio.wait([task])
            await replica.upstream.aclose()


async def test_no_answer_however_odd_ends_the_watch(caplog: pytest.LogCaptureFixture) -> None:
    asked = 0
    ready = asyncio.Event()

    def answer(request: Asked) -> Answer:
        nonlocal asked
        asked += 1
        if asked == 1:
            return ZeroDivisionError("of the gateway's own making")
        if request.path == "/v1/models":
            return told(200, {"data": [{"id": "m"}]})
        return told(404, {})

    upstream = FakeUpstream(answer)
    made = HttpEngine(upstream, name="there", abilities=Abilities())
    replica = Replica(upstream, made, (), ready=False)
    engine = AttachedEngine(
        replica,
        on_ready=lambda _: ready.set(),
        connect_to=lambda _: upstream,
        backoff=Backoff(first_s=0.001),
    )
    task = asyncio.create_task(engine.run())
    async with asyncio.timeout(20):
        await ready.wait()
    task.cancel()
    await asyncio.wait([task])
    assert "of the gateway's own making" in caplog.text


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
        abilities=Abilities(True, True, True, True, True, priority=True),
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
        (FakeResponse().feed(b'{"data":[{"id":"\xff"}]}', None), "list models"),
        (FakeResponse().feed(b'{"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}", None), "list models"),
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


async def test_a_version_that_cannot_be_read_is_none() -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/v1/models":
            return told(200, {"data": [{"id": "m"}]})
        if asked.path == "/version":
            return FakeResponse().feed(b'{"version":"\xff"}', None)
        return told(404, {})

    assert (await probe(FakeUpstream(answer), ())).version is None
