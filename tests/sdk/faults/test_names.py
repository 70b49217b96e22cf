"""Name servers that do not answer: a lookup cannot be interrupted, and yet the caller goes on."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from quorate import DeadlineExceeded, Quorate
from tests.sdk.faults.facing import facing
from tests.sdk.faults.hostile import Hostile
from tests.sdk.faults.mistreating import answer
from tests.sdk.faults.wire import MODEL

NOWHERE = "http://stuck.invalid/v1"
QUESTION = "What is 2+2?"
DEADLINE_S = 0.3
GRACE_S = 0.5


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Lookups of `.invalid` hang until the test is over; yields those that were begun."""
    lookup, over, begun = socket.getaddrinfo, threading.Event(), list[str]()

    def getaddrinfo(host: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name.endswith(".invalid"):
            begun.append(name)
            over.wait()
            raise socket.gaierror(socket.EAI_AGAIN, "the test is over")
        return lookup(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield begun
    over.set()


def test_calls_are_over_by_their_deadline_while_lookups_hang(stuck: list[str]) -> None:
    took: list[float] = []

    def ask() -> None:
        began_at = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            client.ask(QUESTION, deadline=DEADLINE_S)
        took.append(time.monotonic() - began_at)

    with Quorate(base_url=NOWHERE, model=MODEL) as client:
        callers = [threading.Thread(target=ask) for _ in range(50)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    assert stuck
    assert len(took) == 50
    assert max(took) < DEADLINE_S + GRACE_S


def test_lookups_that_hang_do_not_keep_another_client_from_its_server(stuck: list[str]) -> None:
    with Quorate(base_url=NOWHERE, model=MODEL) as nowhere:
        for outcome in nowhere.ask_many([QUESTION] * 50, concurrency=50, deadline=DEADLINE_S):
            assert isinstance(outcome, DeadlineExceeded)
        with facing(Hostile([answer])) as url, Quorate(base_url=url, model=MODEL) as client:
            assert client.ask(QUESTION, deadline=1).text == "4"
            by_name = url.replace("127.0.0.1", "localhost")
            assert client.with_options(base_url=by_name).ask(QUESTION, deadline=1).text == "4"


def test_a_lookup_that_hangs_does_not_hold_up_the_end_of_the_process() -> None:
    code = f"""
import socket, time
socket.getaddrinfo = lambda *_, **__: time.sleep(60)
from quorate import *
try:
    Quorate(base_url={NOWHERE!r}, model="m").ask({QUESTION!r}, deadline=0.2)
except DeadlineExceeded:
    print("exceeded", flush=True)
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"exceeded\n"
        left_at = time.monotonic()
        _, said = process.communicate(timeout=10)
    assert time.monotonic() - left_at < 1
    assert (process.returncode, said) == (0, b"")
