import asyncio
import json
import time
from typing import Any

import pytest

from quorate_sampling.group import Progress
from quorate_server.admission.demand import Demand
from quorate_server.completion import Shape
from quorate_server.consensus import keepalive
from quorate_server.consensus.keepalive import Keepalive
from quorate_server.extended import Extended
from quorate_server.gateway.asgi import Message
from quorate_server.gateway.incoming import Incoming
from quorate_server.gateway.peek import peek
from quorate_server.gateway.reply import Reply
from quorate_server.job import CHAT_PATH
from quorate_server.lag import LoopLag
from quorate_server.ledger import Bill
from tests.sampling.scripted import ScriptedEngine
from tests.server.http1.scripted import until
from tests.server.scripted_gateway import chat, pool_of, quick


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


class NoLedger:
    def record(self, bill: Bill) -> None: ...


async def hearing() -> Message:
    """A client that stays."""
    return await asyncio.Future()


@pytest.mark.parametrize("progress", [False, True])
async def test_a_group_that_waits_to_be_let_in_is_kept_alive(
    progress: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keepalive, "INTERVAL_S", 0.02)
    pool = pool_of(ScriptedEngine([quick()]))
    (replica,) = pool.replicas
    extended = Extended(pool, NoLedger(), LoopLag())
    asked = chat(consensus={"max_samples": 2, "progress": progress}, stream=True)
    body = json.dumps(asked).encode()
    incoming = Incoming(CHAT_PATH, (), body, time.monotonic(), "q-test")
    client = Client()
    async with replica.entered(Demand(samples=replica.admission.free)):
        waiting = asyncio.create_task(extended(incoming, peek(body), hearing, client.send))
        await until(lambda: client.sent.count(b": waiting\n\n") > 1)
    await waiting
    told = next(i for i, sent in enumerate(client.sent) if b'"consensus":{' in sent)
    assert not [sent for sent in client.sent[told:] if sent.startswith(b":")]
    assert client.sent[-1] == b"data: [DONE]\n\n"
