"""The real gateway on a real socket, over a scripted engine, in a thread of this process."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from quorate_server.app import create_app
from quorate_server.engines.replica import ReplicaPool
from quorate_server.protocol import GatewayProtocol
from tests.sampling.scripted import ScriptedEngine
from tests.server.scripted_gateway import pool_of


@contextmanager
def live_gateway(served: ScriptedEngine | ReplicaPool, **parts: Any) -> Iterator[str]:
    """Serve over an engine, or over a pool of its own; yields the base URL.

    `parts` are those of `create_app`.
    """
    pool = pool_of(served) if isinstance(served, ScriptedEngine) else served
    app: Any = create_app(pool, **parts)
    config = uvicorn.Config(
        app, http=GatewayProtocol, ws="none", lifespan="on", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True
    )
    thread.start()
    give_up_at = time.monotonic() + 10
    while not server.started and time.monotonic() < give_up_at:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
