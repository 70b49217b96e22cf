"""A listener that ends leaves no connection open, however lately it accepted it."""

import asyncio
import gc
import socket

import pytest

from tests.listening import Listener

TURNS = range(6)
"""Of the loop, from a connection that waits to one that is served, and beyond."""
CLIENTS = 3


async def serve(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.parametrize("turns", TURNS)
async def test_at_its_end_every_client_is_told(turns: int) -> None:
    tasks = asyncio.all_tasks()
    async with Listener(serve) as listener:
        clients = [socket.create_connection(("127.0.0.1", listener.port)) for _ in range(CLIENTS)]
        for _ in range(turns):
            await asyncio.sleep(0)
    assert asyncio.all_tasks() == tasks
    assert listener.open == 0
    for client in clients:
        with client:
            assert left_by_the_server(client)
    gc.collect()  # a socket that was left open says so


@pytest.mark.parametrize("turns", TURNS)
async def test_all_have_left_only_when_those_have_who_were_not_accepted_yet(turns: int) -> None:
    async with Listener(serve) as listener:
        with socket.create_connection(("127.0.0.1", listener.port)):
            for _ in range(turns):
                await asyncio.sleep(0)
            assert not await listener.all_left(0.01)
        assert await listener.all_left(1.0)


def left_by_the_server(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
