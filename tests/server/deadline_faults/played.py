"""An engine whose streams go wrong at a point that a test chooses, and the gateway over it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from quorate_sampling.engine import Continuation, Delta, Draw, EngineUsage, SampleStream
from quorate_sampling.errors import EngineError
from quorate_server.app import create_app
from quorate_server.engines.hedge_budget import HedgeBudget
from quorate_server.engines.replica import Replica, ReplicaPool
from quorate_server.gateway.asgi import App, Message
from quorate_server.job import CHAT_PATH
from quorate_server.lag import LEAST_MARGIN_S
from tests.sampling.scripted import PROMPT_IDS, ScriptedEngine
from tests.server.deadline_faults.side_by_side import OwnTasks
from tests.server.deadline_faults.starvation import starvation
from tests.server.scripted_gateway import NoUpstream, chat

FOR_EVER_S = 3600.0
SLACK_S = 0.15
"""What a busy machine may add to what is measured from outside."""
THOUGHT = Delta(reasoning="t", token_ids=(50,))
"""One token of a thought."""
OPEN = Delta(reasoning="t", token_ids=(50,), prompt_token_ids=PROMPT_IDS)
"""The first one: it brings the prompt's ids."""

Step = tuple[float, Delta | EngineError]
"""What comes after so many seconds."""


def thinking(tokens: int, token_s: float = 0.01) -> list[Step]:
    """So many tokens of a thought that goes on."""
    return [(token_s, OPEN), *[(token_s, THOUGHT)] * (tokens - 1)]


def said(answer: str, token_s: float = 0.001) -> list[Step]:
    """An answer to its end, without its usage."""
    return [(token_s, Delta(content=c, token_ids=(100 + ord(c),))) for c in answer]


@dataclass(eq=False)
class PlayedStream:
    """Plays `steps`; then it stalls if it is to, else ends. One that is `deaf` ignores `stop`."""

    steps: Sequence[Step]
    stalls: bool = False
    deaf: bool = False
    generated: int = 0
    running: bool = False
    stops: int = 0
    closed: bool = False
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aiter__(self) -> AsyncIterator[Delta]:
        self.running = True
        for after_s, step in self.steps:
            if await self._interrupted(after_s):
                yield self._last("abort")
                return
            if isinstance(step, EngineError):
                self.running = False
                raise step
            self.generated += len(step.token_ids)
            yield step
        if self.stalls and await self._interrupted(FOR_EVER_S):
            yield self._last("abort")
            return
        self.running = False
        yield self._last("stop")

    async def _interrupted(self, seconds: float) -> bool:
        if self.deaf:
            await asyncio.sleep(seconds)
            return False
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            return False
        self.running = False
        return True

    def _last(self, why: str) -> Delta:
        return Delta(finish_reason=why, usage=EngineUsage(len(PROMPT_IDS), self.generated))

    async def stop(self) -> None:
        self.stops += 1
        self._stopped.set()

    async def aclose(self) -> None:
        self.closed = True
        self.running = False


@dataclass
class PlayedEngine(ScriptedEngine):
    """Draws and goes on with what it is given to play, the same for every sample."""

    drawn: Callable[[], PlayedStream] = lambda: PlayedStream([])
    answered: Callable[[], PlayedStream] = lambda: PlayedStream(said("13"))
    played: list[PlayedStream] = field(default_factory=list)

    def draw(self, draw: Draw) -> SampleStream:
        self.draws.append(draw)
        return self._played(self.drawn())

    def resume(self, continuation: Continuation) -> SampleStream:
        self.resumed.append(continuation)
        return self._played(self.answered())

    def _played(self, stream: PlayedStream) -> PlayedStream:
        self.played.append(stream)
        return stream

    def assert_nothing_runs(self) -> None:
        """Every stream has ended, and all that held on to it let go."""
        assert not any(stream.running for stream in self.played)
        assert all(stream.closed for stream in self.played)


@dataclass(frozen=True)
class Told:
    """What one client got, and after how many seconds.

    What the machine held this process up for is taken off: see `Starvation`.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float
    starved_s: float

    def json(self) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(self.body)
        return decoded

    @property
    def error(self) -> dict[str, Any]:
        """The error, told instead of an answer or as the last event of a stream that had begun."""
        last = self.json() if self.body.startswith(b"{") else self.events[-1]
        told: dict[str, Any] = last["error"]
        return told

    @property
    def events(self) -> list[Any]:
        lines = [x[6:] for x in self.body.decode().splitlines() if x.startswith("data: ")]
        return [line if line == "[DONE]" else json.loads(line) for line in lines]

    @property
    def content(self) -> str:
        """The first choice's, of a stream or a whole answer."""
        if not self.body.startswith(b"data") and not self.body.startswith(b":"):
            return self.json()["choices"][0]["message"]["content"] or ""
        chunks = [e for e in self.events if e != "[DONE]" and e.get("choices")]
        return "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks)

    @property
    def failed(self) -> bool:
        """Whether it ends with an error, be it within a stream."""
        return b'"error":' in self.body

    @property
    def met(self) -> bool:
        """Whether it says that it is in time; or the machine is to blame that it is not."""
        return bool(self.deadline["met"]) or self.starved_s > LEAST_MARGIN_S

    @property
    def deadline(self) -> dict[str, Any]:
        """What is told of the deadline: in the answer, or in whichever chunk has it."""
        if self.body.startswith(b"{"):
            told: dict[str, Any] = self.json()["deadline"]
            return told
        (told,) = [e["deadline"] for e in self.events if e != "[DONE]" and "deadline" in e]
        return told


class Gateway:
    """The app over scripted engines, asked straight through ASGI."""

    def __init__(self, app: App, pool: ReplicaPool) -> None:
        self._app = app
        self.pool = pool

    async def ask(
        self,
        *,
        leave: asyncio.Event | None = None,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
        **fields: Any,
    ) -> Told:
        """One chat request to its end, or until its client leaves; `raw` is a body as it is."""
        body, sent = raw or json.dumps(chat(**fields)).encode(), [False]
        began_at = time.monotonic()
        status, told, written = 0, {}, bytearray()
        last_at = began_at

        async def receive() -> Message:
            if not sent[0]:
                sent[0] = True
                return {"type": "http.request", "body": body, "more_body": False}
            await (leave or asyncio.Event()).wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            nonlocal status, told, last_at
            if message["type"] == "http.response.start":
                status = message["status"]
                told = {k.decode(): v.decode() for k, v in message["headers"]}
            written.extend(message.get("body", b""))
            last_at = time.monotonic()

        named = {"content-type": "application/json", **(headers or {})}
        scope = {
            "type": "http",
            "method": "POST",
            "path": CHAT_PATH,
            "headers": [(k.encode(), v.encode()) for k, v in named.items()],
        }
        async with starvation() as starved:
            await self._app(scope, receive, send)
        seconds = last_at - began_at - starved.worst_s
        return Told(status, told, bytes(written), seconds, starved.worst_s)

    def assert_nothing_is_left(self) -> None:
        """No engine works on anything, and nobody is counted as inside."""
        for replica in self.pool.replicas:
            if isinstance(replica.engine, PlayedEngine):
                replica.engine.assert_nothing_runs()
            assert replica.in_flight == 0
            assert replica.admission.in_flight == 0
            assert replica.admission.queued == 0


@asynccontextmanager
async def gateway(
    *engines: ScriptedEngine, capacity: int | None = None, hedging: HedgeBudget | None = None
) -> AsyncIterator[Gateway]:
    """A gateway over replicas of one model; afterwards nothing may be left of what it did."""
    replicas = [
        Replica(NoUpstream(), each, ("abacus",), max_model_len=32_768, capacity=capacity)
        for each in engines
    ]
    pool = ReplicaPool(replicas)
    app = create_app(pool, hedging=hedging)
    under_test = Gateway(app, pool)
    tasks = OwnTasks()
    async with running(app):
        before = tasks.running()
        yield under_test
        under_test.assert_nothing_is_left()
        await asyncio.sleep(0.01)  # what was cancelled has to hear of it
        assert tasks.running() <= before


@asynccontextmanager
async def running(app: App) -> AsyncIterator[None]:
    """The app started up, its event loop's lag measured; shut down afterwards."""
    started, ending = asyncio.Event(), asyncio.Event()
    events = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> Message:
        event = next(events)
        if event == "lifespan.shutdown":
            await ending.wait()
        return {"type": event}

    async def send(message: Message) -> None:
        assert not message["type"].endswith("failed"), message
        started.set()

    serving = asyncio.ensure_future(app({"type": "lifespan", "asgi": {}}, receive, send))
    await started.wait()
    try:
        yield
    finally:
        ending.set()
        await serving
