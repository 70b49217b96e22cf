import asyncio
import json

from quorate_server.ledger import Bill
from tests.server.gateway.harness import (
    ASKED,
    DONE,
    USAGE,
    answer,
    chunk,
    completion,
    gateway,
    request_bytes,
)
from tests.server.http1.scripted import Request, ScriptedServer

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
