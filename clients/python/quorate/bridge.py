"""Where a synchronous client's guarded calls run: a loop thread, and connections of its own."""

import os
import threading
from typing import TYPE_CHECKING, Any

import openai

from quorate.loop_thread import LoopThread

if TYPE_CHECKING:
    from httpx2 import AsyncClient


class Bridge:
    """Shared by the copies of a client. A forked child makes itself a new one at its first call."""

    def __init__(self, given: Any = None) -> None:
        """`given` is the caller's own synchronous HTTP client, if there is one."""
        self._given = given
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._thread: LoopThread | None = None
        self._http = self._connect()

    @property
    def http(self) -> "AsyncClient":
        """The connections."""
        self._renew()
        return self._http

    @property
    def thread(self) -> LoopThread:
        """Started when it is first wanted."""
        self._renew()
        thread = self._thread
        if thread is None:
            with self._lock:
                thread = self._thread = self._thread or LoopThread(self._http.aclose)
        return thread

    def close(self) -> None:
        """Close the connections and end the thread."""
        if self._pid != os.getpid():
            return
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop()

    def _renew(self) -> None:
        if self._pid == os.getpid():
            return
        self._lock = threading.Lock()
        self._thread = None
        self._http = self._connect()
        self._pid = os.getpid()

    def _connect(self) -> "AsyncClient":
        if self._given is None:
            return openai.DefaultAsyncHttpxClient()
        from quorate.given_client import over_threads

        return over_threads(self._given)
