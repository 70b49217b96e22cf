"""The gateway, put together: everything is built here and handed down."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException

from quorate_server.engines.replica import ReplicaPool
from quorate_server.envelope import error_body, error_headers
from quorate_server.errors import MethodNotAllowed, QuorateError, RequestError, RouteNotFound
from quorate_server.extended import Extended
from quorate_server.gateway.asgi import App
from quorate_server.gateway.auth import ApiKeys
from quorate_server.gateway.hotpath import HotPath, Limits
from quorate_server.lag import LoopLag
from quorate_server.ledger import Prices
from quorate_server.metrics import GatewayState, PrometheusLedger
from quorate_server.routes.described import describe_completions
from quorate_server.routes.models import models_router
from quorate_server.routes.state import state_router


def create_app(
    pool: ReplicaPool,
    *,
    limits: Limits | None = None,
    api_keys: ApiKeys | None = None,
    prices: Prices | None = None,
) -> App:
    """The ASGI app over a pool of engines: the hot path in front, FastAPI behind it."""
    registry = CollectorRegistry()
    ledger = PrometheusLedger(registry)
    lag = LoopLag()
    registry.register(GatewayState(pool, lag))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with lag.measured():
            yield

    inner = FastAPI(
        title="Quorate",
        summary="An OpenAI-compatible server for reasoning models: votes, confidence, deadlines.",
        lifespan=lifespan,
    )
    inner.include_router(models_router(pool, int(time.time())))
    inner.include_router(state_router(pool, registry))
    inner.add_exception_handler(QuorateError, _tell)
    inner.add_exception_handler(HTTPException, _tell_http)
    describe_completions(inner)

    @inner.get("/", include_in_schema=False)
    async def home() -> RedirectResponse:
        return RedirectResponse("/docs")

    return HotPath(
        inner,
        pool,
        Extended(pool, ledger, lag, prices),
        ledger,
        limits=limits,
        api_keys=api_keys,
    )


async def _tell(_: Request, error: Exception) -> Response:
    assert isinstance(error, QuorateError)
    headers = {name.decode(): value.decode() for name, value in error_headers(error)}
    return Response(error_body(error), error.status, headers=headers, media_type="application/json")


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
