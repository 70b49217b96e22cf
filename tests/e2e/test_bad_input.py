"""Wrong input against the real server: a clear error each time, and nothing left running."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.e2e.engine_counters import running_requests

pytestmark = pytest.mark.engine

CHAT = "/v1/chat/completions"
HI = [{"role": "user", "content": "What is 4+5?"}]
GOOD: dict[str, Any] = {"model": "abacus", "messages": HI}


def envelope(response: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert response.headers["x-request-id"]
    assert "Traceback" not in response.text
    return error


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"consensus": {"max_samples": 1000}}, 400, "consensus.max_samples"),
        ({"consensus": {"nope": 1}}, 400, "consensus.nope"),
        ({"consensus": "yes please"}, 400, "consensus"),
        ({"consensus": True, "n": -1}, 400, "n"),
        ({"n": "three"}, 400, "n"),
        ({"deadline": {"ms": 1}}, 400, "deadline"),
        ({"deadline": {"ms": -1}}, 400, "deadline.ms"),
        ({"deadline": {"ms": 100, "on_mis": "x"}}, 400, "deadline.on_mis"),
        ({"model": "abacus:fast", "consensus": {"preset": "sure"}}, 400, "consensus.preset"),
        ({"model": "abacus:n1000"}, 400, "model"),
        ({"model": "somebody/else"}, 404, "model"),
        ({"stream": "yes"}, 400, "stream"),
    ],
)
def test_a_wrong_field_is_named(
    base_url: str, engine_url: str, fields: dict[str, Any], status: int, param: str
) -> None:
    response = httpx.post(base_url + CHAT, json={**GOOD, **fields}, timeout=30)
    assert response.status_code == status
    assert envelope(response)["param"] == param
    assert running_requests(engine_url) == 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"hi"', b'{"model": "abacus", "messages": [}', b"\xff\xfe", b"null"]
)
def test_a_body_that_is_no_json_object_is_a_400(base_url: str, body: bytes) -> None:
    response = httpx.post(base_url + CHAT, content=body, timeout=30)
    assert response.status_code == 400
    assert envelope(response)["type"] == "invalid_request_error"


@pytest.mark.parametrize("extra", [{}, {"consensus": 4}, {"deadline_ms": 5000}])
def test_an_over_long_prompt_is_refused_as_the_engine_says(
    base_url: str, extra: dict[str, Any]
) -> None:
    long = [{"role": "user", "content": "1+" * 20_000 + "1"}]
    response = httpx.post(base_url + CHAT, json={**GOOD, "messages": long, **extra}, timeout=60)
    assert response.status_code == 400
    assert "16384" in envelope(response)["message"]


@pytest.mark.parametrize("extra", [{}, {"consensus": 4}, {"deadline_ms": 5000}])
@pytest.mark.parametrize("messages", ["hi", [], [3], [{"role": 5, "content": "x"}]])
def test_messages_that_are_none_are_a_client_error(
    base_url: str, extra: dict[str, Any], messages: Any
) -> None:
    response = httpx.post(base_url + CHAT, json={**GOOD, "messages": messages, **extra}, timeout=60)
    assert response.status_code == 400
    envelope(response)


def test_an_oversized_body_is_refused_before_it_is_read(base_url: str) -> None:
    body = json.dumps({**GOOD, "padding": "x" * (33 * 2**20)}).encode()
    try:
        response = httpx.post(base_url + CHAT, content=body, timeout=60)
    except httpx.WriteError:
        return  # the server closed the connection under the writing client: refused, too
    assert response.status_code == 413
    assert envelope(response)["code"] == "body_too_large"


async def test_a_body_that_never_comes_holds_nobody_up(base_url: str) -> None:
    host, port = base_url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n"
    writer.write(head.encode() + b'{"model":')
    await writer.drain()
    async with httpx.AsyncClient(base_url=base_url) as client:
        assert (await client.post(CHAT, json={**GOOD, "max_tokens": 2})).status_code == 200
    writer.close()
    await writer.wait_closed()
    del reader
