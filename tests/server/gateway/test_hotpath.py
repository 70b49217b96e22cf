import asyncio
import json
import logging
from typing import Any

import pytest

from quorate_server.deadlines import CLIENT_TIMEOUT_HEADERS, DEADLINE_HEADERS
from quorate_server.errors import DeadlineInfeasible, ModelNotFound
from quorate_server.gateway.asgi import Receive, Send
from quorate_server.gateway.auth import ApiKeys
from quorate_server.gateway.hotpath import Limits
from quorate_server.gateway.incoming import Incoming
from quorate_server.gateway.peek import Peek
from tests.server.gateway.harness import (
    ASKED,
    CHAT,
    answer,
    completion,
    gateway,
    read_answer,
    request_bytes,
)
from tests.server.http1.scripted import Request, until


class Recorder:
    """An extended handler that takes note, and answers `{}`."""

    def __init__(self) -> None:
        self.taken: list[tuple[Incoming, Peek]] = []

    async def __call__(self, incoming: Incoming, peek: Peek, receive: Receive, send: Send) -> None:
        self.taken.append((incoming, peek))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})


async def test_a_plain_request_gets_what_the_engine_gives() -> None:
    async with gateway(answer) as gw:
        got = await gw.ask()
        assert got.status == 200
        assert got.headers["content-type"] == "application/json"
        assert got.headers["x-request-id"].startswith("q-")
        expected = json.loads(completion(reasoning="2+2", reasoning_content="2+2"))
        assert got.json() == expected
        (request,) = gw.engine.requests
        assert request.line == b"POST /v1/chat/completions HTTP/1.1"
        assert request.header(b"x-request-id") == got.headers["x-request-id"].encode()


async def test_completions_are_taken_too() -> None:
    async with gateway(answer) as gw:
        assert (await gw.ask({"model": "m", "prompt": "x"}, path="/v1/completions")).status == 200
        assert gw.engine.requests[0].line == b"POST /v1/completions HTTP/1.1"


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/models"), ("GET", "/health"), ("POST", f"{CHAT}/")],
)
async def test_everything_else_goes_to_the_app_behind(method: str, path: str) -> None:
    async with gateway(answer) as gw:
        got = await gw.ask(method=method, path=path)
        assert (got.status, got.headers["x-inner"]) == (404, "yes")


async def test_every_request_has_an_id_of_its_own() -> None:
    async with gateway(answer) as gw:
        ids = {
            (await gw.ask(headers=["x-request-id: mine"])).headers["x-request-id"] for _ in "123"
        }
        assert len(ids) == 3
        assert "mine" not in ids


@pytest.mark.parametrize(
    "body",
    [
        {**ASKED, "consensus": True},
        {**ASKED, "consensus": {"max_samples": 4}},
        {**ASKED, "deadline": {"ms": 5}},
        {**ASKED, "deadline_ms": 5},
        {**ASKED, "model": "m:fast"},
        {**ASKED, "model": "unknown"},
    ],
)
async def test_what_is_not_plain_is_handed_on_whole(body: dict[str, Any]) -> None:
    recorder = Recorder()
    async with gateway(answer, extended=recorder) as gw:
        now = asyncio.get_running_loop().time()
        assert (await gw.ask(body)).status == 200
        ((incoming, peek),) = recorder.taken
        assert (incoming.path, json.loads(incoming.body)) == (CHAT, body)
        assert peek.model == body["model"]
        assert now - 0.1 <= incoming.arrived_at <= asyncio.get_running_loop().time()
        assert incoming.header(b"content-type") == b"application/json"
        assert gw.engine.requests == []


@pytest.mark.parametrize(
    "header",
    [
        "x-quorate-deadline-ms: 500",
        "grpc-timeout: 500m",
        "x-envoy-expected-rq-timeout-ms: 500",
        "prefer: respond-async, wait=5",
        "prefer: Wait=5",
        "prefer: wait = 5",
        "prefer: wait=5\r\nprefer: respond-async",
        "prefer: respond-async\r\nprefer: wait=5",
        "grpc-timeout: 500m\r\nprefer: respond-async",
    ],
)
async def test_a_deadline_in_a_header_is_not_plain(header: str) -> None:
    recorder = Recorder()
    async with gateway(answer, extended=recorder) as gw:
        await gw.ask(headers=[header])
        assert len(recorder.taken) == 1


async def test_a_preference_for_something_else_is_plain() -> None:
    async with gateway(answer) as gw:
        assert (await gw.ask(headers=["prefer: respond-async, waiting=5"])).status == 200


@pytest.mark.parametrize(
    "header",
    [
        "x-quorate-deadline-ms: 300",
        "grpc-timeout: 300m",
        "x-quorate-deadline-ms: 300\r\nx-quorate-deadline-ms: 9000",
    ],
)
@pytest.mark.parametrize("sent", [b"", b'{"model": '])
async def test_a_body_that_does_not_come_is_told_within_the_deadline(
    header: str, sent: bytes
) -> None:
    async with gateway(answer) as gw:
        reader, writer = await gw.connect()
        began = asyncio.get_running_loop().time()
        writer.write(request_bytes(sent, headers=[header, "content-length: 100"]))
        got = await read_answer(reader, writer)
        assert asyncio.get_running_loop().time() - began < 0.3
        assert (got.status, got.error["code"]) == (504, "deadline_exceeded")
        assert gw.engine.requests == []
        assert gw.bills == []


async def test_a_deadline_that_cannot_be_read_is_told_before_the_body() -> None:
    async with gateway(answer) as gw:
        got = await gw.ask(b"{", headers=["x-quorate-deadline-ms: soon", "content-length: 100"])
        assert (got.status, got.error["param"]) == (400, "x-quorate-deadline-ms")


async def test_another_method_is_refused_with_the_one_there_is() -> None:
    async with gateway(answer) as gw:
        got = await gw.ask(b"", method="GET")
        assert (got.status, got.error["code"]) == (405, "method_not_allowed")
        assert got.headers["allow"] == "POST"


async def test_further_deadline_headers_can_be_named() -> None:
    recorder = Recorder()
    names = frozenset({b"x-stainless-read-timeout"})
    async with gateway(answer, extended=recorder, deadline_headers=names) as gw:
        await gw.ask(headers=["x-stainless-read-timeout: 5"])
        assert len(recorder.taken) == 1
        assert recorder.taken[0][0].deadline_headers == names


@pytest.mark.parametrize("timeout", ["600", "600.0", "0"])
async def test_a_client_without_a_timeout_of_its_own_stays_plain(timeout: str) -> None:
    names = DEADLINE_HEADERS | CLIENT_TIMEOUT_HEADERS
    async with gateway(answer, deadline_headers=names) as gw:
        got = await gw.ask(headers=[f"x-stainless-read-timeout: {timeout}"])
        assert got.status == 200
        assert len(gw.bills) == 1


async def test_a_clients_timeout_changes_nothing_unless_it_is_trusted() -> None:
    async with gateway(answer) as gw:
        assert (await gw.ask(headers=["x-stainless-read-timeout: 0.001"])).status == 200


async def test_a_null_consensus_is_plain_and_does_not_reach_the_engine() -> None:
    async with gateway(answer) as gw:
        got = await gw.ask({**ASKED, "consensus": None, "deadline": None, "deadline_ms": None})
        assert got.status == 200
        assert json.loads(gw.engine.requests[0].body) == ASKED


async def test_the_only_model_is_filled_in_where_none_is_named() -> None:
    async with gateway(answer) as gw:
        assert (await gw.ask({"messages": []})).status == 200
        assert json.loads(gw.engine.requests[0].body) == {"model": "m", "messages": []}


async def test_no_model_among_several_is_not_plain() -> None:
    recorder = Recorder()
    async with gateway(answer, models=("a", "b"), extended=recorder) as gw:
        await gw.ask({"messages": []})
        assert len(recorder.taken) == 1


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("x-none: 1", 401),
        ("authorization: Bearer wrong", 401),
        ("authorization: Bearer right", 200),
    ],
)
async def test_keys_are_asked_for_where_they_are_configured(header: str, status: int) -> None:
    async with gateway(answer, api_keys=ApiKeys(["right"])) as gw:
        got = await gw.ask(headers=[header])
        assert got.status == status
        assert len(gw.engine.requests) == (status == 200)
        if status == 401:
            assert got.error["type"] == "authentication_error"
        else:
            assert gw.engine.requests[0].header(b"authorization") is None


@pytest.mark.parametrize(
    ("body", "param"), [(b'{"model": ', None), (b"[]", None), (b'{"model": 1}', "model")]
)
async def test_a_bad_body_is_told_in_the_envelope(body: bytes, param: str | None) -> None:
    async with gateway(answer) as gw:
        got = await gw.ask(body)
        assert (got.status, got.error["type"], got.error["param"]) == (
            400, "invalid_request_error", param,
        )  # fmt: skip
        assert got.headers["x-request-id"]
        assert gw.bills == []


async def test_a_body_announced_too_large_is_refused_unread() -> None:
    async with gateway(answer, limits=Limits(max_body_bytes=1000)) as gw:
        got = await gw.ask(b"{", headers=["content-length: 1001", "expect: 100-continue"])
        assert (got.status, got.error["code"]) == (413, "body_too_large")


async def test_a_body_that_turns_out_too_large_is_refused() -> None:
    async with gateway(answer, limits=Limits(max_body_bytes=100_000)) as gw:
        reader, writer = await gw.connect()
        writer.write(b"POST %b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n" % CHAT.encode())
        writer.write(b"transfer-encoding: chunked\r\n\r\n")
        for _ in range(200):
            writer.write(b"3e8\r\n" + b" " * 1000 + b"\r\n")
        got = await read_answer(reader, writer)  # and the connection is not reset under it
        assert (got.status, got.error["code"]) == (413, "body_too_large")


async def test_a_body_in_many_pieces_is_put_together() -> None:
    body = json.dumps({**ASKED, "pad": "x" * 300_000}).encode()
    async with gateway(answer) as gw:
        reader, writer = await gw.connect()
        sent = request_bytes(body)
        for at in range(0, len(sent), 10_000):
            writer.write(sent[at : at + 10_000])
            await writer.drain()
        assert (await read_answer(reader, writer)).status == 200
        assert gw.engine.requests[0].body == body


async def test_a_client_that_leaves_while_sending_its_body_leaves_nothing() -> None:
    async with gateway(answer) as gw:
        _, writer = await gw.connect()
        writer.write(request_bytes(b"{", headers=["content-length: 100"]))
        await until(lambda: gw.hot.in_flight == 1)
        writer.close()
        await until(lambda: gw.hot.in_flight == 0)
        assert gw.bills == []


async def test_more_requests_than_allowed_are_refused_with_a_time_to_come_back() -> None:
    release = asyncio.Event()

    async def script(request: Request) -> None:
        await release.wait()
        await answer(request)

    async with gateway(script, limits=Limits(max_in_flight=1)) as gw:
        first = asyncio.create_task(gw.ask())
        await until(lambda: len(gw.engine.requests) == 1)
        refused = await gw.ask()
        assert (refused.status, refused.error["code"]) == (503, "overloaded")
        assert refused.headers["retry-after"] == "1"
        release.set()
        assert (await first).status == 200
        assert (await gw.ask()).status == 200


@pytest.mark.parametrize(
    ("error", "status", "header"),
    [
        (ModelNotFound("no such model", param="model"), 404, None),
        (DeadlineInfeasible("never", earliest_ms=900), 400, ("x-quorate-earliest-ms", "900")),
    ],
)
async def test_errors_of_the_extended_handler_are_told(
    error: Exception, status: int, header: tuple[str, str] | None
) -> None:
    async def failing(incoming: Incoming, peek: Peek, receive: Receive, send: Send) -> None:
        raise error

    async with gateway(answer, extended=failing) as gw:
        got = await gw.ask({**ASKED, "model": "other"})
        assert got.status == status
        assert got.error["message"] == str(error)
        assert header is None or got.headers[header[0]] == header[1]


async def test_a_bug_is_logged_and_told_without_its_trace(caplog: pytest.LogCaptureFixture) -> None:
    async def buggy(incoming: Incoming, peek: Peek, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError("secret detail")

    async with gateway(answer, extended=buggy) as gw:
        with caplog.at_level(logging.ERROR):
            got = await gw.ask({**ASKED, "model": "other"})
        assert (got.status, got.error["type"]) == (500, "server_error")
        assert b"secret" not in got.body
        assert "ZeroDivisionError" in caplog.text
        assert got.headers["x-request-id"] in caplog.text


@pytest.mark.parametrize("error", [ZeroDivisionError("secret"), ModelNotFound("gone")])
async def test_an_error_in_the_middle_of_a_stream_is_its_last_event(error: Exception) -> None:
    async def breaking(incoming: Incoming, peek: Peek, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: {}\n\n", "more_body": True})
        raise error

    async with gateway(answer, extended=breaking) as gw:
        got = await gw.ask({**ASKED, "model": "other"})
        first, last = got.events
        assert first == "{}"
        assert set(json.loads(last)["error"]) == {"message", "type", "param", "code"}
        assert "secret" not in last


async def test_an_error_in_the_middle_of_another_answer_breaks_it_off() -> None:
    async def breaking(incoming: Incoming, peek: Peek, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"100")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        raise ModelNotFound("gone")

    async with gateway(answer, extended=breaking) as gw:
        got = await gw.ask({**ASKED, "model": "other"})
        assert got.body == b"{", "shorter than announced: no client takes that for whole"


async def test_requests_do_not_share_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    async def echo(request: Request) -> None:
        asked = json.loads(request.body)
        await asyncio.sleep(0)
        await request.answer(
            completion(content=asked["user"], temperature=asked.get("temperature"))
        )

    async with gateway(echo) as gw:
        asked = [{**ASKED, "user": f"u{i}", "temperature": i} for i in range(20)]
        got = await asyncio.gather(*(gw.ask(body) for body in asked))
        said = [answer.json()["choices"][0]["message"] for answer in got]
        assert [(m["content"], m["temperature"]) for m in said] == [(f"u{i}", i) for i in range(20)]


async def test_samples_are_bounded_over_all_engines_together() -> None:
    async with gateway(answer, limits=Limits(max_samples=4)) as gw:
        with gw.replica.lease(2):
            assert (await gw.ask({**ASKED, "n": 2})).status == 200
            refused = await gw.ask({**ASKED, "n": 3})
        assert (refused.status, refused.error["code"]) == (503, "overloaded")
        assert int(refused.headers["retry-after-ms"]) > 0
        assert (await gw.ask({**ASKED, "n": 3})).status == 200
        assert gw.pool.samples_in_flight == 0


@pytest.mark.parametrize("n", [-5, 0, 10**9])
async def test_a_senseless_number_of_samples_is_the_engines_to_refuse(n: int) -> None:
    async with gateway(answer, limits=Limits(max_samples=128)) as gw:
        assert (await gw.ask({**ASKED, "n": n})).status == 200
        assert gw.pool.samples_in_flight == 0
