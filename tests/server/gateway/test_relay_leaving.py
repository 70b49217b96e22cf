import asyncio

import pytest

from quorate_server.ledger import Bill
from tests.server.gateway.harness import (
    ASKED,
    DONE,
    USAGE,
    answer,
    chunk,
    completion,
    gateway,
    is_abort,
    request_bytes,
)
from tests.server.http1.scripted import Request, until

STREAMED = {**ASKED, "stream": True}


class Generating:
    """An engine that generates until it is stopped, by id or by a closed connection."""

    def __init__(self, phase: str, *, obeys: bool = True) -> None:
        self.phase = phase
        self.obeys = obeys
        self.reached = asyncio.Event()
        self.aborts: list[bytes] = []
        self.ended: dict[bytes, asyncio.Event] = {}
        self.stopped = asyncio.Event()

    async def __call__(self, request: Request) -> None:
        if is_abort(request):
            self.aborts.append(request.body)
            await request.answer()
            for request_id, event in self.ended.items():
                if self.obeys and request_id in request.body:
                    event.set()
            return
        request_id = request.header(b"x-request-id") or b""
        aborted = self.ended.setdefault(request_id, asyncio.Event())
        if self.phase == "streaming":
            await request.start_stream()
            await request.chunk(chunk({"content": "a"}))
        self.reached.set()
        waits = [asyncio.create_task(aborted.wait()), asyncio.create_task(request.gone.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        self.stopped.set()
        if request.gone.is_set():
            return
        if self.phase == "streaming":
            await request.chunk(chunk({}, usage=None) + chunk(usage=USAGE) + DONE)
            await request.end_stream()
        else:
            await request.answer(completion())


PHASES = ["before the answer", "before the first token", "streaming"]


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("by_id", [True, False])
async def test_a_client_that_leaves_stops_its_generation(phase: str, by_id: bool) -> None:
    engine = Generating(phase)
    async with gateway(engine, abort_by_id=by_id) as gw:
        _, writer = await gw.connect()
        writer.write(request_bytes(ASKED if phase == PHASES[0] else STREAMED))
        await engine.reached.wait()
        writer.transport.abort()
        async with asyncio.timeout(1):
            await engine.stopped.wait()
        await until(lambda: len(gw.bills) == 1)
        if by_id:
            assert gw.bills == [Bill("m", "plain", 7, 5, cancelled_tokens=5)]
            assert len(engine.aborts) == 1
        else:
            seen = 1 if phase == "streaming" else 0
            assert gw.bills == [Bill("m", "plain", completion_tokens=seen, exact=False)]
            assert engine.aborts == []


@pytest.mark.parametrize("phase", PHASES)
async def test_an_engine_that_does_not_obey_has_its_connection_closed(phase: str) -> None:
    engine = Generating(phase, obeys=False)
    async with gateway(engine, abort_by_id=True) as gw:
        _, writer = await gw.connect()
        writer.write(request_bytes(ASKED if phase == PHASES[0] else STREAMED))
        await engine.reached.wait()
        writer.transport.abort()
        async with asyncio.timeout(1):
            await engine.stopped.wait()
        assert len(engine.aborts) > 1, "it was asked again"
        await until(lambda: len(gw.bills) == 1)
        assert not gw.bills[0].exact


async def test_an_engine_that_cannot_be_asked_has_its_connection_closed() -> None:
    engine = Generating("streaming")

    async def script(request: Request) -> None:
        if is_abort(request):
            request.hang_up()
        else:
            await engine(request)

    async with gateway(script, abort_by_id=True) as gw:
        _, writer = await gw.connect()
        writer.write(request_bytes(STREAMED))
        await engine.reached.wait()
        writer.transport.abort()
        async with asyncio.timeout(1):
            await engine.stopped.wait()
        await until(lambda: len(gw.bills) == 1)


async def test_a_client_that_half_closes_has_left() -> None:
    engine = Generating("before the answer")
    async with gateway(engine) as gw:
        _, writer = await gw.connect()
        writer.write(request_bytes())
        await engine.reached.wait()
        writer.write_eof()
        async with asyncio.timeout(1):
            await engine.stopped.wait()
        writer.close()
        await until(lambda: len(gw.bills) == 1)


async def test_a_finished_request_is_not_aborted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quorate_server.gateway.client_watch.UNWATCHED_S", 0.0)
    engine_requests: list[Request] = []

    async def script(request: Request) -> None:
        engine_requests.append(request)
        await asyncio.sleep(0.02)  # while it is watched
        await answer(request)

    async with gateway(script, abort_by_id=True) as gw:
        for body in (ASKED, STREAMED):
            assert (await gw.ask(body)).status == 200
        await asyncio.sleep(0.02)
        assert not any(is_abort(request) for request in engine_requests)
        assert [bill.cancelled_tokens for bill in gw.bills] == [0, 0]


async def test_a_client_that_reads_slowly_holds_the_engine_back() -> None:
    sent = 0
    event = chunk({"content": "x" * 10_000})

    async def script(request: Request) -> None:
        nonlocal sent
        await request.start_stream()
        while True:
            await request.chunk(event)
            sent += len(event)

    async with gateway(script) as gw:
        reader, writer = await gw.connect()
        reader._limit = 1  # type: ignore[attr-defined]  # stop reading off the socket at once
        writer.write(request_bytes(STREAMED))
        before = -1
        while sent != before:  # until nothing moves any more
            before = sent
            await asyncio.sleep(0.1)
        assert sent < 20 * 2**20, "what is not read fits into the sockets' buffers"
        writer.transport.abort()
        await until(lambda: len(gw.bills) == 1)
