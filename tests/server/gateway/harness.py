"""The hot path on its real server and sockets, in front of a scripted engine."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

import uvicorn
from uvicorn.server import ServerState

from quorate_sampling.engine import Abilities, Engine
from quorate_server.engines.abort import ABORT_PATH
from quorate_server.engines.replica import Replica, ReplicaPool
from quorate_server.gateway.asgi import App, Receive, Scope, Send
from quorate_server.gateway.hotpath import Extended, HotPath
from quorate_server.gateway.incoming import Incoming
from quorate_server.gateway.peek import Peek
from quorate_server.http1 import HttpOrigin
from quorate_server.ledger import Bill
from quorate_server.protocol import GatewayProtocol
from quorate_server.upstream import Header
from tests.server.http1.scripted import Request, Script, ScriptedServer

CHAT = "/v1/chat/completions"
USAGE = {"prompt_tokens": 7, "total_tokens": 12, "completion_tokens": 5}
ASKED: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


class Bills(list[Bill]):
    """A ledger that keeps what it is told."""

    def record(self, bill: Bill) -> None:
        self.append(bill)


@dataclass
class EngineStub:
    """What a relay asks of an engine."""

    abilities: Abilities = field(default_factory=lambda: Abilities(exact_usage=True))


@dataclass
class Answer:
    """A whole response, as a client sees it."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        told = self.json()
        assert set(told) == {"error"}
        assert set(told["error"]) == {"message", "type", "param", "code"}
        return cast(dict[str, Any], told["error"])

    @property
    def events(self) -> list[str]:
        """The data of the stream's events."""
        return [e.removeprefix("data: ") for e in self.body.decode().split("\n\n") if e]


@dataclass
class Gateway:
    """A gateway under test, and everything around it."""

    port: int
    hot: HotPath
    pool: ReplicaPool
    bills: Bills
    engine: ScriptedServer
    origin: HttpOrigin
    clients: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def replica(self) -> Replica:
        return self.pool.replicas[0]

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**26)
        self.clients.append(writer)
        return reader, writer

    async def hang_up(self) -> None:
        """Close what clients there are, and wait until the loop has let go of them."""
        for writer in self.clients:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()

    async def ask(
        self,
        body: bytes | dict[str, Any] | None = None,
        *,
        path: str = CHAT,
        headers: Sequence[str] = (),
        method: str = "POST",
    ) -> Answer:
        """Send one request and read its answer to the end."""
        reader, writer = await self.connect()
        writer.write(request_bytes(body, path=path, headers=headers, method=method))
        return await read_answer(reader, writer)


def request_bytes(
    body: bytes | dict[str, Any] | None = None,
    *,
    path: str = CHAT,
    headers: Sequence[str] = (),
    method: str = "POST",
) -> bytes:
    """A request on the wire; the default body is a plain question."""
    data = body if isinstance(body, bytes) else json.dumps(ASKED if body is None else body).encode()
    lines = [f"{method} {path} HTTP/1.1", "host: x", "connection: close", *headers]
    if not any(line.startswith("content-length") for line in headers):
        lines.append(f"content-length: {len(data)}")
    return "\r\n".join([*lines, "content-type: application/json", "", ""]).encode() + data


async def read_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Answer:
    async with asyncio.timeout(10):
        raw = await reader.read(-1)
    writer.close()
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = _dechunked(body)
    return Answer(int(first.split()[1]), headers, body)


def _dechunked(data: bytes) -> bytes:
    """The body in chunks; stops where a broken-off one does."""
    whole = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        whole += data[:length]
        data = data[length + 2 :]
    return whole


@asynccontextmanager
async def gateway(
    script: Script,
    *,
    models: tuple[str, ...] = ("m",),
    abort_by_id: bool = False,
    replica_headers: Sequence[Header] = (),
    exact_usage: bool = True,
    inner: App | None = None,
    extended: Extended | None = None,
    protocol: type[GatewayProtocol] = GatewayProtocol,
    **options: Any,
) -> AsyncIterator[Gateway]:
    """A gateway with one engine; afterwards nothing may be left of what it did."""
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(ScriptedServer(script))
        origin = HttpOrigin(engine.url)
        stack.push_async_callback(origin.aclose)
        stub = EngineStub(Abilities(exact_usage=exact_usage))
        replica = Replica(
            origin, cast(Engine, stub), models, headers=replica_headers, abort_by_id=abort_by_id
        )
        pool, bills = ReplicaPool([replica]), Bills()
        hot = HotPath(inner or nothing_here, pool, extended or not_plain, bills, **options)
        config = uvicorn.Config(hot, lifespan="off", log_level="critical", ws="none")
        config.load()
        state = ServerState()
        server = await asyncio.get_running_loop().create_server(
            lambda: protocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
        )
        port = server.sockets[0].getsockname()[1]
        under_test = Gateway(port, hot, pool, bills, engine, origin)
        try:
            yield under_test
        finally:
            server.close()
            await under_test.hang_up()
            for connection in list(state.connections):
                cast(GatewayProtocol, connection).transport.abort()
            async with asyncio.timeout(5):
                await asyncio.gather(*state.tasks, return_exceptions=True)
                while state.connections:  # noqa: ASYNC110 - the loop has to let go of them
                    await asyncio.sleep(0.001)
        assert replica.in_flight == 0
        assert hot.in_flight == 0
        assert origin.open_connections == origin.idle_connections, "a connection leaked"


async def nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": [(b"x-inner", b"yes")]})
    await send({"type": "http.response.body", "body": b"inner"})


async def not_plain(incoming: Incoming, peek: Peek, receive: Receive, send: Send) -> None:
    raise AssertionError(f"handed on as not plain: {incoming.body!r}")


def chunk(delta: dict[str, Any] | None = None, **fields: Any) -> bytes:
    """An event of a chat stream as vLLM writes it."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": None}]
    event = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return data_event({**event, "choices": choices, **fields})


def data_event(data: Any) -> bytes:
    return b"data: " + json.dumps(data, separators=(",", ":")).encode() + b"\n\n"


def completion(**message: Any) -> bytes:
    """A unary answer as vLLM writes it."""
    said = {"role": "assistant", "content": "4", **message}
    choices = [{"index": 0, "message": said, "finish_reason": "stop"}]
    answer = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m"}
    full = {**answer, "choices": choices, "usage": USAGE, "prompt_logprobs": None}
    return json.dumps(full, separators=(",", ":")).encode()


DONE = b"data: [DONE]\n\n"


async def answer(request: Request) -> None:
    """Answers every request as vLLM would."""
    body = json.loads(request.body or b"{}")
    if not body.get("stream"):
        await request.answer(completion(reasoning="2+2"))
        return
    await request.start_stream()
    await request.chunk(chunk({"role": "assistant", "content": ""}))
    await request.chunk(chunk({"reasoning": "2+2"}))
    await request.chunk(chunk({"content": "4"}))
    if (body.get("stream_options") or {}).get("include_usage"):
        await request.chunk(chunk(usage=USAGE))
    await request.chunk(DONE)
    await request.end_stream()


def is_abort(request: Request) -> bool:
    return ABORT_PATH.encode() in request.line
