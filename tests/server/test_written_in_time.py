"""Invariant 1 at the client's socket: the last byte is there before the deadline.

The clock runs from the first byte that is sent, on a real socket, with nothing in between.
"""

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.sampling.scripted import ScriptedEngine
from tests.server.live_gateway import live_gateway
from tests.server.scripted_gateway import chat, slow

BUDGETS_S = (0.4, 0.8)


@dataclass(frozen=True)
class Timed:
    """What came back, and how long after the request's first byte its last byte came."""

    status: int
    body: bytes
    seconds: float


async def ask(url: str, body: bytes, *, headers: str = "", unfinished: bool = False) -> Timed:
    """Send a request and read its answer to the end, by the clock at our own socket."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=2**22)
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body) + unfinished}\r\n{headers}\r\n"
    )
    try:
        began = time.monotonic()
        writer.write(head.encode() + body)
        async with asyncio.timeout(10):
            answered = await reader.readuntil(b"\r\n\r\n")
            lines = answered.decode().lower().split("\r\n")
            if "transfer-encoding: chunked" in lines:
                said = await reader.readuntil(b"\r\n0\r\n\r\n")
            else:
                (length,) = [line for line in lines if line.startswith("content-length: ")]
                said = await reader.readexactly(int(length.partition(" ")[2]))
        return Timed(int(lines[0].split()[1]), said, time.monotonic() - began)
    finally:
        writer.close()


@pytest.mark.parametrize("budget_s", BUDGETS_S)
@pytest.mark.parametrize("deaf", [False, True], ids=["thinks forever", "deaf"])
async def test_the_last_byte_is_there_before_the_deadline(budget_s: float, deaf: bool) -> None:
    script = slow(deaf=deaf, token_s=0.02)
    engine = ScriptedEngine([script], forced=script if deaf else ScriptedEngine().forced)
    asked: list[dict[str, Any]] = [
        {"stream": stream, **group} for stream in (False, True) for group in ({}, {"consensus": 4})
    ]
    with live_gateway(engine) as url:
        for fields in asked:
            body = json.dumps(chat(deadline_ms=budget_s * 1000, **fields)).encode()
            got = await ask(url, body)
            assert got.seconds < budget_s, fields
            assert got.status in (200, 504)
            if not fields["stream"]:
                told = json.loads(got.body)
                assert "error" in told or told["choices"]
            elif got.status == 200:
                assert b"data: [DONE]" in got.body or b'"error"' in got.body
            if not deaf:
                assert got.status == 200
                assert b'"finish_reason":"stop"' in got.body


@pytest.mark.parametrize("budget_s", BUDGETS_S)
async def test_so_is_the_answer_to_a_body_that_never_ends(budget_s: float) -> None:
    with live_gateway(ScriptedEngine()) as url:
        header = f"x-quorate-deadline-ms: {budget_s * 1000:.0f}\r\n"
        got = await ask(url, b'{"model": ', headers=header, unfinished=True)
    assert got.status == 504
    assert json.loads(got.body)["error"]["code"] == "deadline_exceeded"
    assert got.seconds < budget_s
