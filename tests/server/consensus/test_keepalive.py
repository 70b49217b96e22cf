import asyncio
from typing import Any

import pytest

from quorate_sampling.group import Progress
from quorate_server.completion import Shape
from quorate_server.consensus import keepalive
from quorate_server.consensus.keepalive import Keepalive
from quorate_server.gateway.reply import Reply


class Client:
    """Collects what it is sent; reads nothing until it is let."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.reads = asyncio.Event()
        self.reads.set()

    async def send(self, message: Any) -> None:
        await self.reads.wait()
        self.sent.append(message.get("body", b"head"))


def progress(finished: int) -> Progress:
    return Progress((), started=8, finished=finished, in_flight=8 - finished)


async def test_a_quiet_group_is_kept_alive_by_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepalive, "INTERVAL_S", 0.02)
    client = Client()
    async with Keepalive(Reply(client.send, "q"), Shape.of("q", "m"), progress=False) as alive:
        alive.observe(progress(1))
        await asyncio.sleep(0.09)
    assert client.sent[0] == b"head"
    assert set(client.sent[1:]) == {b": drawing\n\n"}
    assert len(client.sent) >= 3


async def test_a_group_that_is_quick_is_not_begun_to_be_told_early() -> None:
    client = Client()
    async with Keepalive(Reply(client.send, "q"), Shape.of("q", "m"), progress=False):
        await asyncio.sleep(0.02)
    assert client.sent == []


async def test_a_client_that_reads_slowly_sees_the_newest_progress_and_holds_nobody_up() -> None:
    client = Client()
    async with Keepalive(Reply(client.send, "q"), Shape.of("q", "m"), progress=True) as alive:
        client.reads.clear()
        for finished in range(1, 6):
            alive.observe(progress(finished))
            await asyncio.sleep(0)
        client.reads.set()
        await asyncio.sleep(0.02)
    told = [body for body in client.sent if b"consensus_progress" in body]
    assert len(told) < 5
    assert b'"finished":5' in told[-1]
