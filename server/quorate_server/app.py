"""The gateway, put together: everything is built here and handed down."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from secrets import token_hex

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException

from quorate_server.admission.metrics import AdmissionState
from quorate_server.consensus.relations import Relations
from quorate_server.deadlines import DEADLINE_HEADERS
from quorate_server.engines.hedge_budget import HedgeBudget
from quorate_server.engines.hedge_metrics import HedgeState
from quorate_server.engines.replica import ReplicaPool
from quorate_server.envelope import error_body, error_headers
from quorate_server.errors import MethodNotAllowed, QuorateError, RequestError, RouteNotFound
from quorate_server.extended import Extended
from quorate_server.gateway.asgi import App, Message, Receive, Scope, Send
from quorate_server.gateway.auth import ApiKeys
from quorate_server.gateway.hotpath import HotPath, Limits
from quorate_server.lag import LoopLag, quick_handover
from quorate_server.learning.learning import Learning
from quorate_server.learning.metrics import LearningState
from quorate_server.learning.patient import Patient
from quorate_server.ledger import Prices
from quorate_server.metrics import GatewayState, PrometheusLedger
from quorate_server.pace_keeping import keeping_paces
from quorate_server.pace_metrics import PaceMetrics
from quorate_server.routes.described import describe_completions
from quorate_server.routes.feedback import feedback_router
from quorate_server.routes.models import models_router
from quorate_server.routes.state import state_router
from quorate_verifiers import Canonical, Equivalence, Kind


def create_app(
    pool: ReplicaPool,
    *,
    limits: Limits | None = None,
    api_keys: ApiKeys | None = None,
    prices: Prices | None = None,
    learning: Learning | None = None,
    relations: Relations | None = None,
    deadline_headers: frozenset[bytes] = DEADLINE_HEADERS,
    hedging: HedgeBudget | None = None,
) -> App:
    """The ASGI app over a pool of engines: the hot path in front, FastAPI behind it.

    `deadline_headers` are the headers that a deadline is read from. `hedging` is None where no
    sample is to be sent to a second engine.
    """
    registry = CollectorRegistry()
    ledger = PrometheusLedger(registry)
    lag = LoopLag()
    registry.register(GatewayState(pool, lag))
    registry.register(AdmissionState(pool))
    registry.register(PaceMetrics(lambda: ((r.engine.name, r.pace) for r in pool.replicas)))
    limits = limits or Limits()
    hedging = hedging or HedgeBudget()
    registry.register(HedgeState(hedging.counts))
    relations = relations or Relations()
    learning = _with_mathematics(learning or Learning(), relations)
    registry.register(LearningState(learning))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with quick_handover():
            async with (
                lag.measured(),
                relations.open(),
                learning.running(),
                keeping_paces(lambda: pool.replicas),
            ):
                yield

    inner = FastAPI(
        title="Quorate",
        summary="An OpenAI-compatible server for reasoning models: votes, confidence, deadlines.",
        lifespan=lifespan,
    )
    keys = api_keys or ApiKeys()

    async def authorised(request: Request) -> None:
        keys.check(request.headers.get("authorization", "").encode() or None)

    models = models_router(pool, int(time.time()))
    inner.include_router(models, dependencies=[Depends(authorised)])
    inner.include_router(feedback_router(learning), dependencies=[Depends(authorised)])
    inner.include_router(state_router(pool, registry))
    inner.add_exception_handler(QuorateError, _tell)
    inner.add_exception_handler(HTTPException, _tell_http)
    inner.add_exception_handler(Exception, _tell_crash)
    describe_completions(inner)

    @inner.get("/", include_in_schema=False)
    async def home() -> RedirectResponse:
        return RedirectResponse("/docs")

    return HotPath(
        with_request_ids(inner),
        pool,
        Extended(pool, ledger, lag, prices, learning, relations, hedging, limits.max_samples),
        ledger,
        limits=limits,
        api_keys=keys,
        deadline_headers=deadline_headers,
        counts=hedging.counts,
    )


def with_request_ids(app: App) -> App:
    """The same app with `x-request-id` on every response."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                request_id = f"q-{token_hex(12)}".encode()
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id)]
            await send(message)

        await app(scope, receive, send_with_id if scope["type"] == "http" else send)

    return answer


def _with_mathematics(learning: Learning, relations: Relations) -> Learning:
    """Feedback on mathematics is compared by the workers, where the server has them."""
    if not relations.symbolic:
        return learning
    by_kind: dict[Kind, Equivalence] = {"math": Patient(relations.workers)}
    return replace(learning, equivalence=lambda kind: by_kind.get(kind, Canonical()))


async def _tell(_: Request, error: Exception) -> Response:
    assert isinstance(error, QuorateError)
    headers = {name.decode(): value.decode() for name, value in error_headers(error)}
    return Response(error_body(error), error.status, headers=headers, media_type="application/json")


async def _tell_crash(request: Request, _: Exception) -> Response:
    return await _tell(request, QuorateError("Something went wrong inside the gateway."))


async def _tell_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path
    told: QuorateError
    if error.status_code == 404:
        told = RouteNotFound(f"There is nothing at {path}.")
    elif error.status_code == 405:
        told = MethodNotAllowed(f"{request.method} is not allowed at {path}.")
    else:
        told = RequestError(str(error.detail))
    return await _tell(request, told)
