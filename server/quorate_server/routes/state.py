"""`/health`, `/ready` and `/metrics`: how the gateway is."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry

from quorate_server.engines.replica import ReplicaPool
from quorate_server.metrics import exposition


def state_router(pool: ReplicaPool, registry: CollectorRegistry) -> APIRouter:
    """The routes that orchestrators and monitors ask."""
    router = APIRouter(tags=["state"])

    @router.get("/health", summary="The gateway runs")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/ready", summary="At least one engine takes requests")
    async def ready(response: Response) -> dict[str, object]:
        states = {r.engine.name: "ready" if r.ready else "not ready" for r in pool.replicas}
        if "ready" not in states.values():
            response.status_code = 503
            return {"status": "not ready", "engines": states}
        return {"status": "ready", "engines": states}

    @router.get("/metrics", summary="Prometheus metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(exposition(registry), media_type=CONTENT_TYPE_LATEST)

    return router
