"""Leaving in the middle of a call: by cancelling, by Ctrl-C, by ending the process."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from subprocess import PIPE

import pytest

from quorate import AsyncQuorate, DeadlineExceeded, Quorate
from tests.sdk.faults.facing import facing
from tests.sdk.faults.hostile import Hostile
from tests.sdk.faults.mistreating import Fault, dripped_body, empty_deltas, mute
from tests.sdk.faults.wire import MODEL

QUESTION = "What is 2+2?"
SOON_S = 1.0
STARTING_S = 20.0
GRACE_S = 0.5


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it came true within this time."""
    give_up_at = time.monotonic() + seconds
    while not condition() and time.monotonic() < give_up_at:
        time.sleep(0.01)
    return condition()


@contextmanager
def script(code: str, url: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that has a client of the server and runs this."""
    opening = f"from quorate import *\nclient = Quorate(base_url={url!r}, model={MODEL!r})\n"
    command = [sys.executable, "-W", "error", "-c", opening + code]
    process = subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


@pytest.mark.parametrize("fault", [mute, dripped_body], ids=lambda fault: fault.__name__)
async def test_a_cancelled_ask_closes_its_connection(fault: Fault) -> None:
    hostile = Hostile([fault], good=0.0)
    async with (
        hostile.serve() as port,
        AsyncQuorate(base_url=f"http://127.0.0.1:{port}/v1", model=MODEL) as client,
    ):
        task = asyncio.create_task(client.ask(QUESTION, deadline=60))
        async with asyncio.timeout(5):
            await hostile.met_one.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await hostile.all_left(SOON_S)


async def test_a_call_whose_deadline_passed_closes_its_connection() -> None:
    hostile = Hostile([mute], good=0.0)
    async with (
        hostile.serve() as port,
        AsyncQuorate(base_url=f"http://127.0.0.1:{port}/v1", model=MODEL) as client,
    ):
        with pytest.raises(DeadlineExceeded):
            await client.ask(QUESTION, deadline=0.1)
        assert await hostile.all_left(SOON_S)


def test_a_synchronous_call_whose_deadline_passed_closes_its_connection() -> None:
    hostile = Hostile([mute], good=0.0)
    with facing(hostile) as url, Quorate(base_url=url, model=MODEL) as client:
        with pytest.raises(DeadlineExceeded):
            client.ask(QUESTION, deadline=0.1)
        assert wait_until(lambda: hostile.open == 0, SOON_S)


async def test_a_stream_that_is_left_closes_its_connection() -> None:
    hostile = Hostile([empty_deltas], good=0.0)
    async with (
        hostile.serve() as port,
        AsyncQuorate(base_url=f"http://127.0.0.1:{port}/v1") as client,
    ):
        stream = await client.with_deadline(60).chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": QUESTION}], stream=True
        )
        async with stream:
            async for _ in stream:
                break
        assert await hostile.all_left(SOON_S)


async def test_leaving_a_batch_leaves_no_question_of_it_behind() -> None:
    hostile = Hostile([mute], good=0.0)
    async with (
        hostile.serve() as port,
        AsyncQuorate(base_url=f"http://127.0.0.1:{port}/v1", model=MODEL) as client,
    ):

        async def batch() -> None:
            async for _ in client.ask_many([QUESTION] * 20, concurrency=5, deadline=60):
                pass

        task = asyncio.create_task(batch())
        async with asyncio.timeout(5):
            await hostile.met_one.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await hostile.all_left(SOON_S)
        asked = len(hostile.asked)
        await asyncio.sleep(0.1)
        assert len(hostile.asked) == asked <= 5


@pytest.mark.parametrize(
    "call",
    [
        f"client.ask({QUESTION!r}, deadline=60)",
        f"list(client.ask_many([{QUESTION!r}] * 20, deadline=60))",
        f"client.with_deadline(60).chat.completions.create(model={MODEL!r}, messages=[])",
    ],
)
def test_ctrl_c_leaves_a_synchronous_call_at_once(call: str) -> None:
    hostile = Hostile([dripped_body], good=0.0)
    with facing(hostile) as url, script(call, url) as process:
        assert wait_until(lambda: hostile.open > 0, STARTING_S)
        left_at = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=10)
        assert time.monotonic() - left_at < SOON_S
        assert b"KeyboardInterrupt" in said
        assert wait_until(lambda: hostile.open == 0, SOON_S)


def test_a_call_that_hangs_in_a_thread_does_not_hold_up_the_end_of_the_process() -> None:
    code = f"""
import threading
threading.Thread(target=lambda: client.ask({QUESTION!r}, deadline=60), daemon=True).start()
input()
"""
    hostile = Hostile([mute], good=0.0)
    with facing(hostile) as url, script(code, url) as process:
        assert wait_until(lambda: hostile.open > 0, STARTING_S)
        left_at = time.monotonic()
        process.communicate(b"\n", timeout=10)
        assert time.monotonic() - left_at < SOON_S


def test_the_first_call_of_a_process_is_over_by_its_deadline_too() -> None:
    code = f"""
import time
began_at = time.monotonic()
try:
    client.ask({QUESTION!r}, deadline=0.3)
except DeadlineExceeded:
    print(time.monotonic() - began_at)
"""
    with facing(Hostile([mute], good=0.0)) as url, script(code, url) as process:
        said, error = process.communicate(timeout=STARTING_S)
        assert said, error.decode()
        assert float(said) < 0.3 + GRACE_S


def test_a_client_that_nobody_closed_does_not_hold_up_the_end_of_the_process() -> None:
    code = f"""
try:
    client.ask({QUESTION!r}, deadline=0.1)
except DeadlineExceeded:
    print("exceeded", flush=True)
"""
    with facing(Hostile([mute], good=0.0)) as url, script(code, url) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"exceeded\n"
        left_at = time.monotonic()
        _, said = process.communicate(timeout=10)
        assert time.monotonic() - left_at < SOON_S
        assert (process.returncode, said) == (0, b"")


def test_a_process_made_by_fork_asks_on_connections_of_its_own() -> None:
    code = f"""
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)
assert client.ask({QUESTION!r}, deadline=5).text == "4"
child = os.fork()
assert client.ask({QUESTION!r}, deadline=5).text == "4"
if child:
    assert os.waitpid(child, 0)[1] == 0
    print("both")
"""
    with facing(Hostile(good=1.0)) as url, script(code, url) as process:
        said, error = process.communicate(timeout=STARTING_S)
        assert said == b"both\n", error.decode()


async def test_the_synchronous_client_works_inside_a_running_loop() -> None:
    with facing(Hostile(good=1.0)) as url, Quorate(base_url=url, model=MODEL) as client:
        assert client.ask(QUESTION, deadline=5).text == "4"
