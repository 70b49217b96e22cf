"""What the copies of a client share: what they learned of the server, and a guard for each loop."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from quorate.allowance import NetworkAllowance
from quorate.crowd import Crowd
from quorate.deadline import Deadline
from quorate.guard import Guard
from quorate.http_library import httpx
from quorate.sending import LONGEST_MS, response_under


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
        told = _deadline_told(result)
        elapsed = told.get("elapsed_ms") if isinstance(told, dict) else None
        if isinstance(elapsed, int | float) and 0 <= elapsed <= LONGEST_MS:
            self.allowance.learn(client_s, elapsed / 1000)

    @contextmanager
    def attempt(self, limit: Deadline) -> Iterator[None]:
        """Around one attempt: that its time ran out before it was over teaches something, too."""
        kept_s = self.allowance.of(limit.remaining_s())
        try:
            yield
        except asyncio.CancelledError:
            if self.crowd.wait_s(limit) <= 0:
                self.allowance.learn_late(kept_s)
            raise


def _deadline_told(result: object) -> object:
    """What a response says of its deadline; None where it does not, or is not read yet."""
    response = response_under(result)
    if response is None:
        return getattr(result, "deadline", None)
    if not response.is_closed:
        return None
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return None
    return body.get("deadline") if isinstance(body, dict) else None
