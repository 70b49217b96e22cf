"""The gateway's hot path alone on its server: no FastAPI app, no engine to start.

    python -m benchmarks.overhead.bare --port 9001 --engine http://127.0.0.1:9000

What `quorate serve` adds to this should not show in the figures; this is how to find out.
"""

import argparse

import uvicorn

from quorate_sampling.engine import Abilities
from quorate_server.engines.replica import Replica, ReplicaPool
from quorate_server.gateway.asgi import Receive, Scope, Send
from quorate_server.gateway.hotpath import HotPath
from quorate_server.gateway.incoming import Incoming
from quorate_server.gateway.peek import Peek
from quorate_server.http1 import HttpOrigin
from quorate_server.ledger import Bill
from quorate_server.protocol import GatewayProtocol


class SilentEngine:
    """What a relay asks of an engine: whether it reports usage."""

    abilities = Abilities(exact_usage=True)


class Counted:
    """A ledger that only counts."""

    def __init__(self) -> None:
        self.bills = 0

    def record(self, bill: Bill) -> None:
        self.bills += 1


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers whatever is no completion, which is the server's start and the readiness check."""
    if scope["type"] == "http":
        head = {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-length", b"0")],
        }
        await send(head)
        await send({"type": "http.response.body"})


async def extended(incoming: Incoming, peek: Peek, receive: Receive, send: Send) -> None:
    raise NotImplementedError("the bench asks for plain completions only")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--engine", required=True)
    options = parser.parse_args()
    replica = Replica(HttpOrigin(options.engine), SilentEngine(), ("m",))  # type: ignore[arg-type]
    uvicorn.run(
        HotPath(inner, ReplicaPool([replica]), extended, Counted()),
        port=options.port,
        http=GatewayProtocol,
        lifespan="off",
        ws="none",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
