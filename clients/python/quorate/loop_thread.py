"""An event loop in a thread of its own: what a synchronous caller can walk away from."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Any, TypeVar
from weakref import finalize

from quorate.daemon_threads import in_thread
from quorate.guard import Expired

T = TypeVar("T")

STOPPING_S = 1.0
"""What has been given up on has that long to put away its connections."""


class _Loop(asyncio.SelectorEventLoop):
    """Its blocking calls run in daemon threads, and equal name lookups share one."""

    def __init__(self) -> None:
        super().__init__()
        self._lookups: dict[tuple[Any, ...], Future[Any]] = {}

    def run_in_executor(  # type: ignore[override]  # typeshed's is generic in *args
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        if executor is not None:
            return super().run_in_executor(executor, func, *args)
        return asyncio.wrap_future(in_thread(func, *args), loop=self)

    async def getaddrinfo(self, host: Any, port: Any, **hints: int) -> Any:
        import socket

        key = (host, port, *sorted(hints.items()))
        lookup = self._lookups.get(key)
        if lookup is None:
            lookup = in_thread(lambda: socket.getaddrinfo(host, port, **hints))
            self._lookups[key] = lookup
            lookup.add_done_callback(lambda _: self._lookups.pop(key, None))
        shared = asyncio.wrap_future(lookup, loop=self)
        return await asyncio.shield(shared)


class LoopThread:
    """Runs coroutines for threads that wait no longer than they mean to."""

    def __init__(self, at_end: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """`at_end` runs on the loop when it stops, also when nobody holds this object any more."""
        self.loop = _Loop()
        self._thread = threading.Thread(
            target=_turn, args=(self.loop, at_end), name="quorate-loop", daemon=True
        )
        self._thread.start()
        self._finalizer = finalize(self, _stop, self.loop, self._thread)
        self._starting = threading.Lock()
        self._stopped = False

    def start(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Begin `work` in the caller's context; cancelling the future cancels it.

        Raises RuntimeError once the thread has been stopped.
        """
        with self._starting:
            if not self._stopped:
                return asyncio.run_coroutine_threadsafe(work, self.loop)
        work.close()
        raise RuntimeError("The client has been closed.")

    def run(self, work: Coroutine[Any, Any, T], left_s: Callable[[], float] | None = None) -> T:
        """What `work` returns or raises.

        `left_s` says how long to wait until it is asked again. Raises Expired once it leaves
        nothing, whatever the loop is doing: the work, which has to end by itself then, is left to
        it. Anything else that ends the wait cancels the work; its own end when the thread is
        stopped is a RuntimeError.
        """
        future = self.start(work)
        try:
            if left_s is None or _done_in(future, left_s):
                return future.result()
        except CancelledError as error:
            raise RuntimeError("The client was closed before the call was over.") from error
        except BaseException:
            future.cancel()
            raise
        raise Expired

    def stop(self) -> None:
        """Cancel what still runs, and end the thread."""
        with self._starting:
            self._stopped = True
        self._finalizer()


def _done_in(future: "Future[Any]", left_s: Callable[[], float]) -> bool:
    while not future.done():
        wait_s = left_s()
        if wait_s <= 0:
            return False
        with suppress(TimeoutError):
            future.exception(min(wait_s, threading.TIMEOUT_MAX))
    return True


def _turn(loop: asyncio.AbstractEventLoop, at_end: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        loop.run_until_complete(_cancel_all())
        loop.run_until_complete(asyncio.wait_for(at_end(), STOPPING_S))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        asyncio.set_event_loop(None)
        loop.close()


async def _cancel_all() -> None:
    """A turn later, when each task there is has begun: one that has not never sees the coroutines
    it was made to await, and the HTTP library's have such.
    """
    left = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.sleep(0)
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=STOPPING_S)


def _stop(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    if not thread.is_alive():
        return
    loop.call_soon_threadsafe(loop.stop)
    if thread is not threading.current_thread():
        thread.join(2 * STOPPING_S)
