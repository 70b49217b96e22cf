"""The hot path: completions taken straight off the socket, in front of the FastAPI app."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass

from quorate_sampling.deadline import Deadline
from quorate_server.admission.entering import MAX_SAMPLES_IN_FLIGHT
from quorate_server.deadlines import DEADLINE_HEADERS, read_time_limit
from quorate_server.engines.hedge_budget import HedgeCounts
from quorate_server.engines.replica import ReplicaPool
from quorate_server.errors import (
    DeadlineExceeded,
    MethodNotAllowed,
    Overloaded,
    QuorateError,
)
from quorate_server.gateway.asgi import App, Receive, Scope, Send
from quorate_server.gateway.auth import ApiKeys
from quorate_server.gateway.body import ClientLeft, read_body
from quorate_server.gateway.incoming import Incoming
from quorate_server.gateway.peek import Peek, peek
from quorate_server.gateway.relay import PlainRequest, relay
from quorate_server.gateway.reply import Reply
from quorate_server.lag import LEAST_MARGIN_S, MOST_OF_BUDGET
from quorate_server.ledger import Ledger

logger = logging.getLogger(__name__)

Extended = Callable[[Incoming, Peek, Receive, Send], Awaitable[None]]
"""Takes what is not plain: groups, deadlines, model variants. Raises QuorateError."""

PATHS = frozenset({"/v1/chat/completions", "/v1/completions"})

_OF_INTEREST = frozenset(
    {
        b"accept",
        b"authorization",
        b"content-length",
        b"content-type",
        b"traceparent",
        b"tracestate",
    }
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request, and all of them together, may take."""

    max_body_bytes: int = 32 * 2**20
    max_in_flight: int = 4096
    """Completions at once; what is over it is refused with `retry-after`."""
    max_samples: int = MAX_SAMPLES_IN_FLIGHT
    """Likewise the samples that all engines together draw for them."""


class HotPath:
    """An ASGI app in front of `inner`: takes `POST` on the two completion routes.

    A request is plain when its model is one that the pool serves (or is left out and there is one
    only), and it asks for neither consensus nor a deadline; plain ones are relayed, the others
    handed to `extended`. Every error becomes OpenAI's envelope. `counts` hears of the failovers.
    """

    def __init__(
        self,
        inner: App,
        pool: ReplicaPool,
        extended: Extended,
        ledger: Ledger,
        *,
        limits: Limits | None = None,
        api_keys: ApiKeys | None = None,
        deadline_headers: frozenset[bytes] = DEADLINE_HEADERS,
        counts: HedgeCounts | None = None,
    ) -> None:
        self._inner = inner
        self._pool = pool
        self._extended = extended
        self._ledger = ledger
        self._limits = limits or Limits()
        self._api_keys = api_keys or ApiKeys()
        self._deadline_headers = deadline_headers
        self._counts = counts or HedgeCounts()
        self._of_interest = _OF_INTEREST | deadline_headers
        self._random = random.Random()  # seeded by the system; ids need only be unique
        self.in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in PATHS:
            await self._inner(scope, receive, send)
            return
        reply = Reply(send, f"q-{self._random.getrandbits(96):024x}")
        self.in_flight += 1
        try:
            await self._serve(scope, receive, reply)
        except ClientLeft:
            pass
        except QuorateError as error:
            await reply.error(error)
        except Exception:
            logger.exception("request %s failed", reply.request_id)
            await reply.error(QuorateError("Something went wrong inside the gateway."))
        finally:
            self.in_flight -= 1

    async def _serve(self, scope: Scope, receive: Receive, reply: Reply) -> None:
        if scope["method"] != "POST":
            wrong = MethodNotAllowed(f"{scope['method']} is not allowed at {scope['path']}.")
            await reply.error(wrong, extra=[(b"allow", b"POST")])
            return
        arrived_at = scope.get("quorate.arrived_at") or time.monotonic()
        of_interest = self._of_interest
        found = {name: value for name, value in scope["headers"] if name in of_interest}
        limits = self._limits
        self._api_keys.check(found.get(b"authorization"))
        if self.in_flight > limits.max_in_flight:
            raise Overloaded(f"{limits.max_in_flight} requests are being answered already.")
        named = self._deadline_headers
        limit = None
        if not named.isdisjoint(found):
            # Not from `found`, which has the last of each only, and the smallest deadline counts.
            limit = read_time_limit({}, scope["headers"], arrived_at, named=named)
        reading = read_body(
            receive,
            declared=found.get(b"content-length"),
            max_bytes=limits.max_body_bytes,
        )
        body = await (reading if limit is None else _in_time(reading, limit.deadline))
        peeked = peek(body)
        model = None if limit is not None else self._plain_model(peeked)
        if model is not None:
            request = PlainRequest(scope["path"], found, body, peeked, model)
            if self._pool.samples_in_flight + peeked.samples > limits.max_samples:
                raise Overloaded(f"{limits.max_samples} samples are being drawn already.")
            await relay(request, self._pool, self._ledger, self._counts, receive, reply)
            return
        incoming = Incoming(
            scope["path"], scope["headers"], body, arrived_at, reply.request_id, named
        )
        await self._extended(incoming, peeked, receive, reply.send)

    def _plain_model(self, peeked: Peek) -> str | None:
        """The model of a plain request; None for what is not plain."""
        if peeked.asks_for_more:
            return None
        model = peeked.model
        if model is None:
            models = self._pool.models()
            return models[0] if len(models) == 1 else None
        return model if self._pool.serves(model) else None


async def _in_time(reading: Coroutine[None, None, bytes], deadline: Deadline) -> bytes:
    """A request's body, waited for no longer than leaves time to tell that it did not come."""
    margin_s = min(LEAST_MARGIN_S, deadline.budget_s * MOST_OF_BUDGET)
    try:
        async with asyncio.timeout(deadline.remaining_s() - margin_s):
            return await reading
    except TimeoutError:
        raise DeadlineExceeded(
            "The body was not complete by the deadline.", param="deadline"
        ) from None
