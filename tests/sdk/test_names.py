"""Lookups that hang hold up nobody."""

import asyncio
import socket
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from quorate import AsyncQuorate, DeadlineExceeded
from quorate.names import Names, names_unless_proxied


class Resolver:
    """A name server that answers when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[Any] = []
        self.release = threading.Event()
        self.fails = False
        monkeypatch.setattr(socket, "getaddrinfo", self.getaddrinfo)

    def getaddrinfo(self, host: Any, *args: Any, **more: Any) -> list[Any]:
        self.asked.append(host)
        self.release.wait(10)
        if self.fails:
            raise socket.gaierror("no such name")
        return []


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    return Resolver(monkeypatch)


async def test_equal_names_are_looked_up_once_and_remembered(resolver: Resolver) -> None:
    names = Names()
    waiting = [asyncio.create_task(names.look_up("a.test")) for _ in range(50)]
    await asyncio.sleep(0.01)
    resolver.release.set()
    await asyncio.gather(*waiting)
    await names.look_up("a.test")
    assert resolver.asked == ["a.test"]


async def test_a_name_that_is_not_found_is_asked_for_again(resolver: Resolver) -> None:
    resolver.release.set()
    resolver.fails = True
    names = Names()
    await names.look_up("a.test")
    await names.look_up("a.test")
    assert resolver.asked == ["a.test", "a.test"]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_an_address_needs_no_lookup(resolver: Resolver, address: str) -> None:
    await Names().look_up(address)
    assert resolver.asked == []


async def test_callers_leave_while_lookups_hang(resolver: Resolver) -> None:
    async with AsyncQuorate(base_url="http://a.test/v1", model="abacus") as client:
        began = time.monotonic()
        calls = (client.ask("What?", deadline=0.4) for _ in range(100))
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert time.monotonic() - began < 0.8
        assert {type(end) for end in ends} == {DeadlineExceeded}
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "free"), 1) == "free"
    assert resolver.asked == ["a.test"]
    resolver.release.set()


def test_a_proxy_looks_names_up_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.test:3128")
    assert names_unless_proxied() is None


def test_lookups_that_hang_do_not_hold_up_the_end_of_the_loop() -> None:
    code = """
import asyncio, socket, time
socket.getaddrinfo = lambda *_, **__: time.sleep(60)
from quorate import AsyncQuorate, DeadlineExceeded

async def main():
    async with AsyncQuorate(base_url="http://a.test/v1", model="abacus") as client:
        try:
            await client.ask("What?", deadline=0.3)
        except DeadlineExceeded:
            print("left")

asyncio.run(main())
"""
    command = [sys.executable, "-W", "error", "-c", code]
    told = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (told.stdout, told.stderr, told.returncode) == ("left\n", "", 0)
