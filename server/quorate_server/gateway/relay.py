"""A plain request: to the engine and back, with every field intact but for a closed list.

That list: the reasoning under both names, the model filled in where there is one only, usage asked
of the engine for the bill (and taken out again if the client did not ask), errors in OpenAI's
envelope. What does the changing stands in `outgoing`, `sse`, `reasoning` and `engine_errors`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

from quorate_sampling.pacing import Timing, Untimed
from quorate_server.engines.hedge_budget import HedgeCounts
from quorate_server.engines.replica import Replica, ReplicaPool
from quorate_server.engines.vllm import CHAT_PATH
from quorate_server.errors import EngineError, EngineFailed, EngineUnavailable
from quorate_server.gateway.asgi import Receive
from quorate_server.gateway.client_watch import ClientWatch
from quorate_server.gateway.engine_errors import engine_error
from quorate_server.gateway.outgoing import engine_body, engine_headers
from quorate_server.gateway.peek import Peek
from quorate_server.gateway.reasoning import mirror_reasoning
from quorate_server.gateway.reply import EVENT_STREAM, Reply
from quorate_server.gateway.sse import StreamRewriter
from quorate_server.gateway.usage import Usage, find_usage
from quorate_server.ledger import Bill, Ledger
from quorate_server.upstream import UpstreamResponse

MOST_LOST = 1
"""Engines that may fail in the middle of one request before that is told: what it costs is spent
once more at most, and one that engines die of does not go through all of them."""

SLOW_READER_S = 0.02
"""A client that takes so long to read a piece has the engine look slow."""


@dataclass(slots=True)
class PlainRequest:
    """What the relay needs of a request. `headers` are those of interest, the last of each."""

    path: str
    headers: Mapping[bytes, bytes]
    body: bytes
    peek: Peek
    model: str


@dataclass(slots=True)
class Tally:
    """What becomes known of a request's cost while it passes."""

    usage: Usage | None = None
    chunks: int = 0
    cost_nothing: bool = False
    """The engine generated nothing: it refused the request, or was never reached."""
    lost: int = 0
    """Engines that failed once they had the request: what they generated is not known."""

    def bill(self, model: str, *, client_left: bool) -> Bill:
        """The request's bill; without usage, what came in chunks is its lower bound."""
        usage = self.usage
        if usage is None:
            exact = self.cost_nothing and not self.lost
            return Bill(model, "plain", completion_tokens=self.chunks, exact=exact)
        completion = usage.completion_tokens or 0
        return Bill(
            model,
            "plain",
            prompt_tokens=usage.prompt_tokens or 0,
            completion_tokens=completion,
            cancelled_tokens=completion if client_left else 0,
            reasoning_tokens=usage.reasoning_tokens,
            exact=not self.lost,
        )


async def relay(
    request: PlainRequest,
    pool: ReplicaPool,
    ledger: Ledger,
    counts: HedgeCounts,
    receive: Receive,
    reply: Reply,
) -> None:
    """Pass one request through, and book its bill once, however it ends.

    Where a replica cannot be reached or takes no request, each of the others is asked once. One
    that fails in the middle, while nothing of an answer has been sent to the client, is made up for
    by another one (MOST_LOST). Raises ModelNotFound and EngineUnavailable where there is none to
    ask, the last one's EngineError where it was in vain; what fails later is told in the stream.
    """
    replica = pool.pick(request.model)
    tried: list[Replica] = []
    tally = Tally()
    client = ClientWatch(receive, replica, reply)
    try:
        while True:
            try:
                with replica.lease(request.peek.samples), client:
                    await _timed(request, replica, tally, reply)
            except (EngineUnavailable, EngineFailed):
                tally.lost += not tally.cost_nothing
                tried.append(replica)
                others = pool.others(request.model, tried)
                if client.gone or not others or tally.lost > MOST_LOST:
                    raise
                replica = others[0]
            else:
                return
            counts.failovers += 1
            tally = Tally(lost=tally.lost)
            client = ClientWatch(receive, replica, reply)
    finally:
        ledger.record(tally.bill(request.model, client_left=client.gone))


async def _timed(request: PlainRequest, replica: Replica, tally: Tally, reply: Reply) -> None:
    """Have the replica's pace learn from the exchange, where it is one stream of one prompt."""
    peek = request.peek
    streamed = peek.stream is True and request.path == CHAT_PATH
    timing = replica.pace.passing(peek.samples, streamed=streamed)
    try:
        await _exchange(request, replica, tally, reply, timing)
    finally:
        usage = tally.usage or Usage()
        timing.ended(usage.completion_tokens or 0, usage.prompt_tokens)


async def _exchange(
    request: PlainRequest,
    replica: Replica,
    tally: Tally,
    reply: Reply,
    timing: Timing | Untimed,
) -> None:
    peek = request.peek
    ask_usage = bool(peek.stream and not peek.wants_usage and replica.engine.abilities.exact_usage)
    body = engine_body(request.body, peek, model=request.model, ask_usage=ask_usage)
    headers = engine_headers(request.headers, reply.request_id, replica.headers)
    try:
        response = await replica.upstream.send("POST", request.path, headers=headers, body=body)
    except EngineUnavailable:
        tally.cost_nothing = True
        raise
    try:
        content_type = _content_type(response)
        if not 200 <= response.status < 300:
            said = await response.read()
            error = engine_error(response.status, said, response.headers)
            tally.cost_nothing = response.status < 500 or isinstance(error, EngineUnavailable)
            raise error
        if content_type.startswith(EVENT_STREAM):
            await _stream(response, tally, reply, timing, wants_usage=peek.wants_usage)
        else:
            answer = await response.read()
            tally.usage = find_usage(answer)
            await reply.whole(response.status, mirror_reasoning(answer), content_type=content_type)
    finally:
        response.close()


async def _stream(
    response: UpstreamResponse,
    tally: Tally,
    reply: Reply,
    timing: Timing | Untimed,
    *,
    wants_usage: bool,
) -> None:
    rewriter = StreamRewriter(wants_usage=wants_usage)
    send = reply.raw_send
    await reply.start_stream()
    try:
        async for piece in response:
            timing.first_token()
            if changed := rewriter.feed(piece):
                sent_at = monotonic()
                await send({"type": "http.response.body", "body": changed, "more_body": True})
                if monotonic() - sent_at > SLOW_READER_S:
                    timing.held_up()
        last = rewriter.finish()
    except EngineError as error:
        last = rewriter.fail(error)
    finally:
        tally.usage = rewriter.usage
        tally.chunks = rewriter.chunks
    reply.ended = True
    await send({"type": "http.response.body", "body": last})


def _content_type(response: UpstreamResponse) -> bytes:
    for name, value in response.headers:
        if name == b"content-type":
            return value
    return b"application/json"
