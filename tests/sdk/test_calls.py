"""OpenAI's own calls under a deadline, of both clients."""

import time
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from quorate import DeadlineExceeded, Overloaded, expired
from tests.sdk.conftest import Connect, Serve
from tests.sdk.either import BODY, Async, Sync
from tests.sdk.said import STREAM, chunk, completion, error, event, stream, whole
from tests.sdk.scripted_server import DRIP, DROP, STALL, Call, Step

LITTLE_S = 0.4


def answering(call: Call) -> Iterator[Step]:
    if call.body.get("stream"):
        yield from stream(chunk({"content": "4"}), chunk({"content": "6"}), chunk({}, "stop"))
    else:
        yield whole(completion(deadline={"elapsed_ms": 1}))


def saying(*steps: Step) -> Any:
    return lambda call: iter(steps)


def test_a_budget_is_told_to_the_server_with_every_call(serve: Serve, connect: Connect) -> None:
    server = serve(answering)
    client = connect(server)
    assert client.create(budget=3.5).choices[0].message.content == "It is 46."
    assert client.create(budget=3.5, within=1.5).id == "chatcmpl-q-1"
    told = [float(call.headers["x-quorate-deadline-ms"]) for call in server.calls]
    assert 2500 < told[0] < 3500
    assert 500 < told[1] < 1500


def test_a_nearer_header_of_the_callers_own_stays(serve: Serve, connect: Connect) -> None:
    server = serve(answering)
    client = connect(server)
    client.create(budget=3.5, extra_headers={"X-Quorate-Deadline-Ms": "700"})
    client.create(budget=3.5, extra_headers={"X-Quorate-Deadline-Ms": "70000"})
    told = [float(call.headers["x-quorate-deadline-ms"]) for call in server.calls]
    assert told[0] == 700
    assert 2500 < told[1] < 3500


@pytest.mark.parametrize("name", ["x-quorate-deadline-ms", "X-Quorate-Deadline-Ms"])
def test_a_nearer_header_that_every_call_has_stays_too(
    serve: Serve, connect: Connect, name: str
) -> None:
    server = serve(answering)
    connect(server, default_headers={name: "700"}).create(budget=3.5)
    connect(server, default_headers={"x-quorate-deadline-ms": "70000"}).create(budget=3.5)
    told = [float(call.headers["x-quorate-deadline-ms"]) for call in server.calls]
    assert told[0] == 700
    assert 2500 < told[1] < 3500


FAULTS = {
    "stalls": (STALL,),
    "drips its head": (b"HTTP/1.1 200 OK\r\nx: ", DRIP),
    "drips its body": (b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n", DRIP),
    "is never there for long": (error("overloaded", 503, retry_after_ms="10"),),
}


@pytest.mark.parametrize("steps", FAULTS.values(), ids=FAULTS)
def test_the_caller_is_back_in_time(serve: Serve, connect: Connect, steps: Any) -> None:
    client = connect(serve(saying(*steps)), max_retries=1000)
    with pytest.raises((DeadlineExceeded, Overloaded)):
        client.create(budget=0.7)
    began = time.monotonic()
    with pytest.raises((DeadlineExceeded, Overloaded)):
        client.create(budget=LITTLE_S)
    assert time.monotonic() - began < LITTLE_S + 0.15


def test_retries_come_back_inside_the_budget(serve: Serve, connect: Connect) -> None:
    said = [error("engine_unavailable", 503), whole(completion())]
    server = serve(lambda call: [said[min(len(server.calls), 2) - 1]])
    assert connect(server).create(budget=5.0).id == "chatcmpl-q-1"
    assert len(server.calls) == 2


def test_a_dropped_connection_is_tried_again_and_then_openais_error(
    serve: Serve, connect: Connect
) -> None:
    server = serve(saying(DROP))
    with pytest.raises(openai.APIConnectionError):
        connect(server, max_retries=1).create(budget=5.0)
    assert len(server.calls) == 2


def test_a_stream_in_time_is_whole(serve: Serve, connect: Connect) -> None:
    chunks, read = connect(serve(answering)).chunks(5.0, "raise")
    assert "".join(each.choices[0].delta.content or "" for each in chunks) == "46"
    assert not expired(read)


@pytest.mark.parametrize("end", [STALL, DRIP], ids=["stalls", "drips"])
def test_a_stream_cut_short_raises(serve: Serve, connect: Connect, end: object) -> None:
    client = connect(serve(saying(STREAM, event(chunk({"content": "4"})), end)))
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded, match="No answer within"):
        client.chunks(LITTLE_S, "raise")
    assert time.monotonic() - began < LITTLE_S + 0.3


@pytest.mark.parametrize("end", [STALL, DRIP], ids=["stalls", "drips"])
def test_a_stream_cut_short_ends_and_says_so_if_that_is_wanted(
    serve: Serve, connect: Connect, end: object
) -> None:
    client = connect(serve(saying(STREAM, event(chunk({"content": "4"})), end)))
    chunks, read = client.chunks(LITTLE_S, "partial")
    assert [each.choices[0].delta.content for each in chunks] == ["4"]
    assert expired(read)


def test_connections_are_given_back(serve: Serve, connect: Connect) -> None:
    server = serve(answering)
    client = connect(server)
    for _ in range(5):
        client.create(budget=5.0)
        client.ask("What is 12+34?", deadline=5.0)
        assert server.connections == 1


def test_what_expired_leaves_no_connection(serve: Serve, connect: Connect) -> None:
    server = serve(saying(STALL))
    client = connect(server)
    for _ in range(3):
        with pytest.raises(DeadlineExceeded):
            client.create(budget=LITTLE_S)
    client.close()
    until = time.monotonic() + 2
    while server.connections and time.monotonic() < until:
        time.sleep(0.01)
    assert server.connections == 0


def test_without_a_deadline_nothing_is_sent_but_what_openai_sends(serve: Serve) -> None:
    server = serve(answering)
    with openai.OpenAI(base_url=server.url, api_key="none") as stock:
        stock.chat.completions.create(**BODY)
    client = Sync(server.url)
    client.client.chat.completions.create(**BODY)
    client.close()
    of_stock, ours = (dict(call.headers) for call in server.calls)
    assert ours.pop("user-agent").startswith("Quorate/")
    assert of_stock.pop("user-agent").startswith("OpenAI/")
    assert ours == of_stock


def test_typed_errors_without_a_deadline_too(serve: Serve) -> None:
    server = serve(saying(error("overloaded", 503)))
    client = Sync(server.url, max_retries=0)
    with pytest.raises(Overloaded):
        client.client.chat.completions.create(**BODY)
    client.close()


def test_raw_and_streamed_responses_of_the_synchronous_client(serve: Serve) -> None:
    client = Sync(serve(answering).url)
    timed = client.client.with_deadline(5.0)
    raw = timed.chat.completions.with_raw_response.create(**BODY)
    assert raw.headers["content-type"] == "application/json"
    assert raw.parse().id == "chatcmpl-q-1"
    with timed.chat.completions.with_streaming_response.create(**BODY) as response:
        assert b"chatcmpl-q-1" in b"".join(response.iter_bytes())
    with timed.chat.completions.with_streaming_response.create(**BODY) as response:
        assert response.parse().id == "chatcmpl-q-1"
    client.close()


def test_raw_and_streamed_responses_of_the_asynchronous_client(serve: Serve) -> None:
    client = Async(serve(answering).url)

    async def call() -> None:
        timed = client.client.with_deadline(5.0)
        raw = await timed.chat.completions.with_raw_response.create(**BODY)
        assert raw.parse().id == "chatcmpl-q-1"
        async with timed.chat.completions.with_streaming_response.create(**BODY) as response:
            assert (await response.parse()).id == "chatcmpl-q-1"

    client.runner.run(call())
    client.close()


def test_a_streamed_response_that_stalls_is_guarded_too(serve: Serve) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{"
    client = Sync(serve(saying(head, STALL)).url)
    timed = client.client.with_deadline(LITTLE_S)
    began = time.monotonic()
    with (
        timed.chat.completions.with_streaming_response.create(**BODY) as response,
        pytest.raises(DeadlineExceeded),
    ):
        response.read()
    assert time.monotonic() - began < LITTLE_S + 0.15
    client.close()
