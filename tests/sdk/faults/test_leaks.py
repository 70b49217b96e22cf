"""Nothing is left of calls that are over: no thread, no socket, no task, no memory."""

import asyncio
import gc
import os
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from openai import OpenAIError

from benchmarks.sdk import in_a_batch, in_threads
from quorate import AsyncQuorate, DeadlineExceeded, Quorate, QuorateError
from quorate.wishes import OnExpiry
from tests.sdk.faults.facing import process
from tests.sdk.faults.wire import MODEL

QUESTION = "What is 2+2?"
QUICK = "dropped,reset,garbage,failing,stalled_head,broken_json,dropped_mid_body,dripped_body"
SOON_S = 2.0
WAYS: tuple[OnExpiry, ...] = ("raise", "partial")


def open_sockets() -> int:
    found = 0
    for each in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{each}").startswith("socket:")
        except OSError:  # closed meanwhile
            continue
    return found


def resident_mb() -> float:
    gc.collect()
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1000


def settled(measure: Callable[[], int], before: int) -> bool:
    """Whether it is back at what it was, soon."""
    give_up_at = time.monotonic() + SOON_S
    while measure() > before and time.monotonic() < give_up_at:
        time.sleep(0.01)
    return measure() <= before


@pytest.mark.parametrize("storm", [in_threads, in_a_batch], ids=lambda each: each.__name__)
def test_a_closed_client_leaves_no_thread_and_no_socket(storm: Callable[..., object]) -> None:
    threads, sockets = threading.active_count(), open_sockets()
    with process() as url:
        storm(url, 60, 0.4)
        assert settled(threading.active_count, threads)
        assert settled(open_sockets, sockets)


def test_a_client_that_goes_out_of_use_leaves_no_thread_and_no_socket() -> None:
    threads, sockets = threading.active_count(), open_sockets()
    with process("--faults", "mute", "--good", "0") as url:
        client = Quorate(base_url=url, model=MODEL)
        with pytest.raises(DeadlineExceeded):
            client.ask(QUESTION, deadline=0.1)
        del client
        gc.collect()
        assert settled(threading.active_count, threads)
        assert settled(open_sockets, sockets)


async def test_expired_and_cancelled_calls_leave_no_task_and_no_socket() -> None:
    tasks, sockets = len(asyncio.all_tasks()), open_sockets()
    with process() as url:
        async with AsyncQuorate(base_url=url, model=MODEL) as client:
            calls = [
                asyncio.create_task(client.ask(QUESTION, deadline=0.3, on_expiry=on_expiry))
                for on_expiry in WAYS
                for _ in range(30)
            ]
            await asyncio.sleep(0.1)
            for call in calls[::3]:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
    assert len(asyncio.all_tasks()) == tasks
    assert open_sockets() == sockets


async def test_memory_stays_flat_over_five_thousand_calls() -> None:
    async def ask(number: int) -> None:
        with suppress(QuorateError, OpenAIError):
            await client.ask(QUESTION, deadline=0.2, on_expiry=WAYS[number % 2])

    async def batches(calls: int) -> None:
        for first in range(0, calls, 50):
            await asyncio.gather(*(ask(first + number) for number in range(50)))

    with process("--faults", QUICK, "--good", "0.4") as url:
        async with AsyncQuorate(base_url=url, model=MODEL) as client:
            await batches(1000)
            before = resident_mb()
            await batches(5000)
            assert resident_mb() - before < 8
