"""What the copies of a client share: what they learned of the server, and a guard for each loop."""

import asyncio
import os
from typing import Any
from weakref import WeakKeyDictionary

from quorate.allowance import NetworkAllowance
from quorate.crowd import Crowd
from quorate.guard import Guard
from quorate.http_library import httpx


class Traffic:
    """A client's memory of its server."""

    def __init__(self, base_url: str) -> None:
        self.placeholder = httpx.Request("POST", base_url)
        """What errors name as their request that no single request had."""
        self.allowance = NetworkAllowance()
        self._crowd = (os.getpid(), Crowd())
        self.models: dict[str, str] = {}
        """The only model served, by base URL."""
        self.lookups: WeakKeyDictionary[Any, dict[str, asyncio.Task[str]]] = WeakKeyDictionary()
        """Those under way, by event loop."""
        self._guards: WeakKeyDictionary[Any, Guard] = WeakKeyDictionary()

    @property
    def crowd(self) -> Crowd:
        """The calls under way in this process: a forked child has none of its parent's."""
        pid, crowd = self._crowd
        if pid != os.getpid():
            crowd = Crowd()
            self._crowd = (os.getpid(), crowd)
        return crowd

    def guard(self) -> Guard:
        """That of the running loop."""
        loop = asyncio.get_running_loop()
        guard = self._guards.get(loop)
        if guard is None:
            guard = self._guards[loop] = Guard(loop, self.crowd)
        return guard

    def learn(self, result: object, client_s: float) -> None:
        """Of a response that tells how long the server took; others teach nothing."""
        told = getattr(result, "deadline", None)
        elapsed = told.get("elapsed_ms") if isinstance(told, dict) else None
        if isinstance(elapsed, int | float):
            self.allowance.learn(client_s, elapsed / 1000)
