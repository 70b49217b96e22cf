"""The thread whose work a caller can walk away from."""

import asyncio
import contextvars
import gc
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from typing import Any

import pytest

from quorate.deadline import Deadline
from quorate.guard import Expired
from quorate.loop_thread import LoopThread

pytestmark = pytest.mark.usefixtures("no_thread_left")


async def nothing() -> None:
    return None


def test_it_runs_what_it_is_given_and_stops():
    thread = LoopThread(nothing)
    assert thread.run(asyncio.sleep(0, "done")) == "done"
    assert thread.run(asyncio.sleep(0, "done"), Deadline.after(float("inf")).remaining_s) == "done"
    with pytest.raises(KeyError):
        thread.run(raising(KeyError()), Deadline.after(1.0).remaining_s)
    with pytest.raises(TimeoutError):
        thread.run(raising(TimeoutError()), Deadline.after(1.0).remaining_s)
    thread.stop()
    thread.stop()


async def raising(error: Exception) -> None:
    raise error


def test_a_caller_leaves_though_the_loop_is_held_up():
    thread = LoopThread(nothing)
    release = threading.Event()

    async def hold_up() -> None:
        release.wait(10)

    began = time.monotonic()
    with pytest.raises(Expired):
        thread.run(hold_up(), Deadline.after(0.1).remaining_s)
    assert time.monotonic() - began < 0.5
    release.set()
    thread.stop()


def test_work_sees_its_callers_context():
    thread = LoopThread(nothing)
    told: contextvars.ContextVar[str] = contextvars.ContextVar("told")
    told.set("mine")

    async def see() -> str:
        return told.get()

    assert thread.run(see()) == "mine"
    thread.stop()


def test_what_still_runs_at_its_end_is_cancelled_and_then_the_last_thing_runs():
    ended: list[str] = []

    async def last() -> None:
        ended.append("last")

    async def run_on() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("cancelled")

    thread = LoopThread(last)
    future = thread.start(run_on())
    thread.run(asyncio.sleep(0))
    thread.stop()
    assert ended == ["cancelled", "last"]
    assert future.cancelled()


@pytest.mark.parametrize("turns", [1, 2])
def test_what_had_not_begun_at_its_end_is_not_left_unawaited(turns: int) -> None:
    """As the HTTP library's ways to connect are: tasks that await a coroutine made before them."""
    begun: list[str] = []

    async def inner() -> None:
        begun.append("inner")
        await asyncio.sleep(60)

    async def await_it(made: Coroutine[Any, Any, None]) -> None:
        await made

    async def begin_and_end(thread: LoopThread) -> None:
        thread.stop()
        for _ in range(turns):
            await asyncio.sleep(0)
        await asyncio.gather(await_it(inner()))

    thread = LoopThread(nothing)
    future = thread.start(begin_and_end(thread))
    with pytest.raises(CancelledError):
        future.result(10)
    gc.collect()
    assert begun == ["inner"]


def test_it_stops_when_nobody_holds_it_any_more():
    thread = LoopThread(nothing)
    thread.run(asyncio.sleep(0))
    del thread
    gc.collect()


def test_equal_lookups_share_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Any] = []
    release = threading.Event()

    def slow(*args: Any, **more: Any) -> list[Any]:
        begun.append(args)
        release.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    thread = LoopThread(nothing)

    async def look_up(count: int) -> list[Any]:
        loop = asyncio.get_running_loop()
        lookups = [loop.getaddrinfo("a.test", 80) for _ in range(count)]
        asyncio.get_running_loop().call_later(0.05, release.set)
        return await asyncio.gather(*lookups)

    found = thread.run(look_up(100), Deadline.after(10.0).remaining_s)
    assert len(found) == 100
    assert len(begun) == 1
    thread.run(look_up(1), Deadline.after(10.0).remaining_s)
    assert len(begun) == 2
    thread.stop()


def test_blocking_calls_do_not_hold_up_the_interpreters_exit():
    code = """
import asyncio, time
from quorate.deadline import Deadline
from quorate.guard import Expired
from quorate.loop_thread import LoopThread

async def nothing():
    pass

thread = LoopThread(nothing)
try:
    thread.run(asyncio.to_thread(time.sleep, 60), Deadline.after(0.1).remaining_s)
except Expired:
    print("left")
"""
    began = time.monotonic()
    told = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (told.stdout, told.stderr, told.returncode) == ("left\n", "", 0)
    assert time.monotonic() - began < 20


def test_nothing_is_begun_once_it_is_told_to_stop():
    thread = LoopThread(nothing)
    told: list[Exception] = []

    async def stop_and_start() -> None:
        thread.stop()
        try:
            thread.start(nothing())
        except RuntimeError as error:
            told.append(error)

    thread.run(stop_and_start())
    assert len(told) == 1


def test_a_caller_whose_thread_is_stopped_is_told():
    thread = LoopThread(nothing)
    threading.Timer(0.1, thread.stop).start()
    with pytest.raises(RuntimeError, match="closed"):
        thread.run(asyncio.sleep(60), Deadline.after(30.0).remaining_s)
