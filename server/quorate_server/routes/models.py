"""`GET /v1/models` and `/v1/models/{id}`: what is served here, and each model's variants."""

from typing import Any

from fastapi import APIRouter

from quorate_server.consensus.variants import listed_variants, read_variant
from quorate_server.engines.replica import ReplicaPool
from quorate_server.errors import ModelNotFound


def models_router(pool: ReplicaPool, started_at: int) -> APIRouter:
    """The routes; `started_at` (Unix seconds) stands for when the models were made."""
    router = APIRouter(tags=["models"])

    @router.get("/v1/models", summary="List models and their variants")
    async def list_models() -> dict[str, Any]:
        served = pool.models()
        ids = [*served, *(v for model in served for v in listed_variants(model))]
        return {"object": "list", "data": [_entry(i, pool, started_at) for i in ids]}

    @router.get("/v1/models/{model:path}", summary="One model or variant")
    async def get_model(model: str) -> dict[str, Any]:
        if not pool.serves(read_variant(model, pool.serves).model):
            raise ModelNotFound(f"The model `{model}` does not exist.", param="model")
        return _entry(model, pool, started_at)

    return router


def _entry(name: str, pool: ReplicaPool, started_at: int) -> dict[str, Any]:
    variant = read_variant(name, pool.serves)
    entry: dict[str, Any] = {
        "id": name,
        "object": "model",
        "created": started_at,
        "owned_by": "quorate",
    }
    if not variant.plain:
        entry["parent"] = variant.model
    for replica in pool.replicas:
        if variant.model in replica.model_ids and replica.max_model_len is not None:
            entry["max_model_len"] = replica.max_model_len
            break
    return entry
