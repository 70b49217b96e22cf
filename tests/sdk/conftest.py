"""A scripted server for every test that wants one, a client of either kind, and what they leave."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.sdk.either import Async, Either, Sync
from tests.sdk.scripted_server import Script, Scripted, scripted_server

Serve = Callable[[Script], Scripted]
Connect = Callable[..., Either]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve(script)` starts a server that the test's end stops."""
    with ExitStack() as servers:
        yield lambda script: servers.enter_context(scripted_server(script))


@pytest.fixture(params=[Sync, Async], ids=["sync", "async"])
def connect(request: pytest.FixtureRequest, no_thread_left: None) -> Iterator[Connect]:
    """`connect(server, **options)` makes a client, closed at the test's end."""
    with ExitStack() as clients:

        def made(server: Scripted, **options: Any) -> Either:
            client: Either = request.param(server.url, **{"model": "abacus", **options})
            clients.callback(client.close)
            return client

        yield made


@pytest.fixture
def no_thread_left() -> Iterator[None]:
    """Fails a test that leaves a thread of the SDK's behind."""
    before = set(threading.enumerate())
    yield
    until = time.monotonic() + 5
    while (left := _of_the_sdk() - before) and time.monotonic() < until:
        threading.Event().wait(0.01)
    assert not left, left


def _of_the_sdk() -> set[threading.Thread]:
    return {each for each in threading.enumerate() if each.name.startswith("quorate-")}
