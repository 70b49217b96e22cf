import asyncio
import json
from typing import Any

import pytest

from quorate_server.ledger import Bill
from tests.server.gateway.harness import (
    ASKED,
    DONE,
    USAGE,
    answer,
    chunk,
    completion,
    data_event,
    gateway,
    is_abort,
    request_bytes,
)
from tests.server.http1.scripted import Request, ScriptedServer, until

STREAMED = {**ASKED, "stream": True}
EXACT = Bill("m", "plain", prompt_tokens=7, completion_tokens=5)


async def test_a_stream_is_passed_on_with_the_closed_list_of_changes() -> None:
    async with gateway(answer) as gw:
        got = await gw.ask(STREAMED)
        assert got.headers["content-type"].startswith("text/event-stream")
        assert got.headers["cache-control"] == "no-cache"
        assert got.headers["x-accel-buffering"] == "no"
        assert got.headers["x-request-id"].startswith("q-")
        assert got.body == (
            chunk({"role": "assistant", "content": ""})
            + chunk({"reasoning": "2+2", "reasoning_content": "2+2"})
            + chunk({"content": "4"})
            + DONE
        )
        asked = json.loads(gw.engine.requests[0].body)
        assert asked == {**STREAMED, "stream_options": {"include_usage": True}}
        assert gw.bills == [EXACT]


async def test_usage_asked_for_by_the_client_comes_as_openai_sends_it() -> None:
    body = {**STREAMED, "stream_options": {"include_usage": True}}
    async with gateway(answer) as gw:
        *events, done = (await gw.ask(body)).events
        assert done == "[DONE]"
        assert [json.loads(event)["usage"] for event in events] == [None, None, None, USAGE]
        assert json.loads(gw.engine.requests[0].body) == body
        assert gw.bills == [EXACT]


async def test_an_upstream_that_reports_no_usage_is_not_asked_for_it() -> None:
    async with gateway(answer, exact_usage=False) as gw:
        assert (await gw.ask(STREAMED)).events[-1] == "[DONE]"
        assert json.loads(gw.engine.requests[0].body) == STREAMED
        assert gw.bills == [Bill("m", "plain", completion_tokens=3, exact=False)]


async def test_the_bill_of_an_unary_answer_is_what_the_engine_reported() -> None:
    usage = {**USAGE, "completion_tokens_details": {"reasoning_tokens": 3}}

    async def script(request: Request) -> None:
        await request.answer(json.dumps({"choices": [], "usage": usage}).encode())

    async with gateway(script) as gw:
        await gw.ask()
        assert gw.bills == [Bill("m", "plain", 7, 5, reasoning_tokens=3)]


async def test_fields_that_nobody_knows_yet_pass_both_ways() -> None:
    async def script(request: Request) -> None:
        await request.answer(completion(reasoning="x", new_field={"deep": [1.50, "é"]}))

    body = json.dumps({**ASKED, "vllm_new": {"a": [1.50]}}).encode()
    async with gateway(script) as gw:
        got = await gw.ask(body)
        assert gw.engine.requests[0].body == body
        assert got.json()["choices"][0]["message"]["new_field"] == {"deep": [1.50, "é"]}


async def test_the_clients_key_stays_here_and_the_engines_is_sent() -> None:
    async with gateway(answer, replica_headers=[(b"authorization", b"Bearer engine")]) as gw:
        await gw.ask(headers=["authorization: Bearer client", "cookie: a=b", "traceparent: 00-1"])
        (request,) = gw.engine.requests
        assert request.head.lower().count(b"authorization") == 1
        assert request.header(b"authorization") == b"Bearer engine"
        assert request.header(b"cookie") is None
        assert request.header(b"traceparent") == b"00-1"


async def test_chunks_are_passed_on_as_they_come() -> None:
    go_on = asyncio.Event()

    async def script(request: Request) -> None:
        await request.start_stream()
        await request.chunk(chunk({"content": "first"}))
        await go_on.wait()
        await request.chunk(DONE)
        await request.end_stream()

    async with gateway(script) as gw:
        reader, writer = await gw.connect()
        writer.write(request_bytes(STREAMED))
        async with asyncio.timeout(2):
            await reader.readuntil(b"first")
            go_on.set()
            assert b"[DONE]" in await reader.read()
        writer.close()


@pytest.mark.parametrize("answered", ["nothing", "head", "part"])
async def test_an_engine_that_dies_before_the_answer_is_a_gateway_error(answered: str) -> None:
    async def script(request: Request) -> None:
        if answered != "nothing":
            await request.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        if answered == "part":
            await request.write(b'{"choices"')
        request.hang_up()

    async with gateway(script) as gw:
        got = await gw.ask()
        assert (got.status, got.error["code"]) == (502, "engine_failed")
        assert got.headers["x-should-retry"] == "true"
        assert gw.bills == [Bill("m", "plain", exact=False)]


@pytest.mark.parametrize("clean", [True, False])
async def test_an_engine_that_dies_mid_stream_is_told_and_never_done(clean: bool) -> None:
    async def script(request: Request) -> None:
        await request.start_stream()
        await request.chunk(chunk({"content": "a"}))
        if clean:
            await request.end_stream()
        request.hang_up()

    async with gateway(script) as gw:
        got = await gw.ask(STREAMED)
        first, last = got.events
        assert json.loads(first)["choices"]
        assert json.loads(last)["error"]["code"] == "engine_failed"
        assert gw.bills == [Bill("m", "plain", completion_tokens=1, exact=False)]


async def test_no_engine_is_unavailable_and_costs_nothing() -> None:
    async with gateway(answer) as gw:
        await gw.engine.__aexit__(None, None, None)
        got = await gw.ask()
        assert (got.status, got.error["code"]) == (503, "engine_unavailable")
        assert got.headers["retry-after"] == "1"
        assert gw.bills == [Bill("m", "plain")]


async def test_an_engine_that_is_restarting_is_unavailable() -> None:
    async with gateway(answer) as gw:
        gw.replica.ready = False
        assert (await gw.ask()).status == 503
        assert gw.bills == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("status", "body", "told", "param", "exact"),
    [
        (400, {"error": {"message": "bad", "type": "BadRequestError", "param": "n", "code": 400}},
         400, "n", True),
        (401, {"error": "Unauthorized"}, 502, None, True),
        (500, {"error": {"message": "boom", "code": 500}}, 502, None, False),
    ],
)  # fmt: skip
async def test_an_engines_refusal_comes_in_our_envelope(
    stream: bool, status: int, body: dict[str, Any], told: int, param: str | None, exact: bool
) -> None:
    async def script(request: Request) -> None:
        await request.answer(json.dumps(body).encode(), status=status)

    async with gateway(script) as gw:
        got = await gw.ask({**ASKED, "stream": stream})
        assert (got.status, got.error["param"]) == (told, param)
        assert got.headers["content-type"] == "application/json"
        assert gw.bills == [Bill("m", "plain", exact=exact)]


async def test_an_error_event_of_the_engine_is_told_in_our_envelope() -> None:
    async def script(request: Request) -> None:
        await request.start_stream()
        await request.chunk(data_event({"error": {"message": "died", "code": 500}}) + DONE)
        await request.end_stream()

    async with gateway(script) as gw:
        (event,) = (await gw.ask(STREAMED)).events
        assert set(json.loads(event)["error"]) == {"message", "type", "param", "code"}
        assert gw.bills == [Bill("m", "plain", exact=False)]


async def test_a_stale_connection_to_the_engine_is_not_noticed() -> None:
    async def script(request: Request) -> None:
        if request.number:
            request.hang_up()
        else:
            await answer(request)

    async with gateway(script) as gw:
        for _ in range(4):
            assert (await gw.ask()).status == 200
        assert len(gw.bills) == 4


async def test_a_request_counts_at_its_replica_for_as_long_as_it_lasts() -> None:
    async with gateway(answer) as gw:
        during: list[int] = []

        async def script(request: Request) -> None:
            during.append(gw.replica.in_flight)
            await answer(request)

        gw.engine.script = script
        await gw.ask()
        await gw.ask(STREAMED)
        assert (during, gw.replica.in_flight) == ([1, 1], 0)


# A client that leaves


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


async def test_every_request_is_billed_once_whatever_happens() -> None:
    async def script(request: Request) -> None:
        asked = json.loads(request.body)
        if asked["n"] % 3 == 0:
            request.hang_up()
        elif asked["n"] % 3 == 1:
            await request.answer(b'{"error": "x"}', status=400)
        else:
            await answer(request)

    async with gateway(script) as gw:
        bodies = [{**ASKED, "n": n, "stream": bool(n & 1)} for n in range(30)]
        await asyncio.gather(*(gw.ask(body) for body in bodies))
        assert len(gw.bills) == 30
        assert gw.origin.open_connections == gw.origin.idle_connections


async def test_a_bill_for_the_other_engine_is_not_needed_to_pick_it() -> None:
    """The idle one of two replicas gets the request."""
    async with gateway(answer) as gw, ScriptedServer(answer) as other:
        gw.replica.in_flight += 1
        second = type(gw.replica)(
            type(gw.origin)(other.url), gw.replica.engine, gw.replica.model_ids
        )
        gw.pool.replicas.append(second)
        await gw.ask()
        assert (len(gw.engine.requests), len(other.requests)) == (0, 1)
        gw.replica.in_flight -= 1
        await second.upstream.aclose()
