"""The bad servers are as bad as they say, and no worse for the machine they run on."""

import asyncio
import json
import socket
from collections.abc import Mapping
from urllib.request import urlopen

import pytest

from tests.sdk.faults.facing import blackhole, facing, nobody
from tests.sdk.faults.hostile import Hostile
from tests.sdk.faults.mistreating import FAULTS, WHOLE, answer
from tests.sdk.faults.wire import CONSENSUS

STREAMED = {"model": "m", "messages": [], "stream": True}
UNARY = {"model": "m", "messages": []}
ENDLESS = (
    *("mute", "stalled_head", "stalled_body", "dripped_head", "dripped_body", "comments"),
    *("empty_deltas", "flood"),
)


def request(body: Mapping[str, object]) -> bytes:
    data = json.dumps(body).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(data)}\r\n\r\n"
    return head.encode() + data


async def said_within(seconds: float, port: int, asked: bytes) -> tuple[bytes, bool]:
    """What a server said to one request in this time, and whether it ended the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said, over = b"", False
    try:
        writer.write(asked)
        async with asyncio.timeout(seconds):
            while piece := await reader.read(65536):
                said += piece
        over = True
    except TimeoutError:
        pass
    except ConnectionResetError:
        over = True
    finally:
        writer.close()
    return said, over


@pytest.mark.parametrize("body", [UNARY, STREAMED], ids=["unary", "streamed"])
@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_ends_its_connection_or_leaves_that_to_the_client(
    name: str, body: Mapping[str, object]
) -> None:
    hostile = Hostile([FAULTS[name]], good=0.0)
    async with hostile.serve() as port:
        _, over = await said_within(0.15, port, request(body))
        assert hostile.met == {name: 1}
        assert await hostile.all_left(1)
        assert over is (name not in ENDLESS and FAULTS[name] not in WHOLE)


async def test_a_good_answer_is_one() -> None:
    async with Hostile([answer]).serve() as port:
        unary, _ = await said_within(0.2, port, request(UNARY))
        streamed, _ = await said_within(0.2, port, request(STREAMED))
    assert json.loads(unary.split(b"\r\n\r\n", 1)[1])["consensus"] == CONSENSUS
    assert streamed.endswith(b"\r\n0\r\n\r\n")
    assert streamed.index(b"consensus_progress") < streamed.index(b'"consensus"')


async def test_a_seed_gives_the_same_faults_again() -> None:
    met = []
    for _ in range(2):
        hostile = Hostile(seed=7)
        async with hostile.serve() as port:
            for _ in range(10):
                await said_within(0.01, port, request(UNARY))
        met.append(hostile.met)
    assert met[0] == met[1]
    assert len(met[0]) > 3


def test_nobody_refuses_and_a_blackhole_does_not_answer() -> None:
    with nobody() as url, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port_of(url)), timeout=1)
    with blackhole() as url, pytest.raises(TimeoutError):
        socket.create_connection(("127.0.0.1", port_of(url)), timeout=0.3)


def test_a_server_in_a_thread_ends_with_its_test() -> None:
    with facing(Hostile([answer])) as url, urlopen(f"{url}/models", timeout=1) as response:
        assert json.load(response)["data"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port_of(url)), timeout=1)


def port_of(url: str) -> int:
    return int(url.rsplit(":", 1)[1].split("/")[0])
