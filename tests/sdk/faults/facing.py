"""Servers for a test to face, each a base URL: hostile ones, and such as cannot be reached."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.listening import in_a_thread
from tests.sdk.faults.hostile import Hostile


@contextmanager
def facing(hostile: Hostile) -> Iterator[str]:
    """A server in a thread of this process, whose counters can be read meanwhile."""
    with in_a_thread(hostile.serve()) as port:
        yield url_of(port)


@contextmanager
def process(*arguments: str) -> Iterator[str]:
    """A server in a process of its own, for when time is measured."""
    command = [sys.executable, "-m", "tests.sdk.faults.hostile", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            yield url_of(int(server.stdout.readline()))
        finally:
            server.terminate()


@contextmanager
def nobody() -> Iterator[str]:
    """A port where nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield url_of(bound.getsockname()[1])


@contextmanager
def blackhole() -> Iterator[str]:
    """A port whose queue of connections is full: who connects gets no answer at all."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        try:
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(listener.getsockname())
            yield url_of(listener.getsockname()[1])
        finally:
            for each in waiting:
                each.close()


def url_of(port: int) -> str:
    return f"http://127.0.0.1:{port}/v1"
