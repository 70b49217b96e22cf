import asyncio
from typing import Any, cast

from quorate_server.cork import CorkedTransport

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Wire:
    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.closing = False

    def write(self, data: bytes) -> None:
        self.calls.append(data)

    def writelines(self, data: Any) -> None:
        self.calls.append(list(data))

    def close(self) -> None:
        self.calls.append("close")

    def is_closing(self) -> bool:
        return self.closing

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.calls.append("eof")

    def get_extra_info(self, name: str) -> str:
        return name


def corked(*, unfinished: bool = False) -> tuple[Wire, CorkedTransport]:
    wire = Wire()
    loop = asyncio.get_running_loop()
    return wire, CorkedTransport(cast(Any, wire), loop, lambda: unfinished)


async def test_a_head_leaves_with_what_follows_it() -> None:
    wire, transport = corked()
    transport.write(HEAD)
    assert wire.calls == []
    transport.write(b"body")
    await asyncio.sleep(0)
    assert wire.calls == [[HEAD, b"body"]]


async def test_a_head_that_nothing_follows_leaves_by_itself() -> None:
    wire, transport = corked()
    transport.write(HEAD)
    await asyncio.sleep(0)
    assert wire.calls == [HEAD]
    transport.write(b"later")
    assert wire.calls == [HEAD, b"later"]


async def test_closing_lets_the_head_go_first() -> None:
    wire, transport = corked()
    transport.write(HEAD)
    transport.close()
    assert wire.calls == [HEAD, "close"]


async def test_a_client_that_is_still_sending_is_not_reset() -> None:
    wire, transport = corked(unfinished=True)
    transport.write(HEAD)
    transport.close()
    assert transport.lingering
    assert wire.calls == [HEAD, "eof"]
    transport.close()
    assert wire.calls == [HEAD, "eof", "close"]


async def test_heads_leave_in_order() -> None:
    wire, transport = corked()
    transport.write(HEAD)
    transport.write(HEAD + b"2")
    await asyncio.sleep(0)
    assert wire.calls == [[HEAD, HEAD + b"2"]]


async def test_the_rest_is_the_transports_own() -> None:
    wire, transport = corked()
    assert not transport.is_closing()
    wire.closing = True
    assert transport.is_closing()
    assert transport.get_extra_info("socket") == "socket"
