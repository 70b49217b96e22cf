"""Host names looked up where a name server that hangs costs nothing but a daemon thread."""

import asyncio
import ipaddress
import socket
from concurrent.futures import Future
from time import monotonic
from urllib.request import getproxies

from quorate.daemon_threads import in_thread

REMEMBERED_S = 60.0


class Names:
    """Lookups made before a connection's own.

    A lookup cannot be interrupted. In an event loop's own threads, which are few, those that hang
    would keep everybody else's waiting, and the loop from ending. So each name is first looked up
    here; only one that can be is left to the HTTP library, whose lookup the resolver's cache
    answers then.
    """

    def __init__(self) -> None:
        self._known: dict[str, float] = {}
        self._lookups: dict[str, Future[bool]] = {}

    async def look_up(self, host: str) -> None:
        """Returns when the name server has answered; what it said is the HTTP library's to tell."""
        if monotonic() < self._known.get(host, 0.0):
            return
        if _is_address(host):
            self._known[host] = float("inf")
            return
        lookup = self._lookups.get(host)
        if lookup is None:
            lookup = self._lookups[host] = in_thread(_found, host)
            lookup.add_done_callback(lambda _: self._lookups.pop(host, None))
        if await asyncio.shield(asyncio.wrap_future(lookup)):
            self._known[host] = monotonic() + REMEMBERED_S


def names_unless_proxied() -> Names | None:
    """None where a proxy of the environment's looks names up."""
    return None if getproxies() else Names()


def _found(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return False
    return True


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
