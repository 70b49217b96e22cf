from quorate_server.gateway.auth import ApiKeys
from tests.server.scripted_gateway import chat, gateway


async def test_models_are_listed_with_their_variants() -> None:
    async with gateway() as client:
        listed = (await client.get("/v1/models")).json()
    ids = [entry["id"] for entry in listed["data"]]
    assert ids[:2] == ["abacus", "org/model:8b"]
    assert {"abacus:fast", "abacus:sure", "abacus:n16", "abacus:fast:json"} <= set(ids)
    variant = next(e for e in listed["data"] if e["id"] == "abacus:fast")
    assert variant["parent"] == "abacus"
    assert all({"id", "object", "created", "owned_by"} <= set(e) for e in listed["data"])


async def test_one_model_is_found_by_its_id_slashes_and_variants_included() -> None:
    async with gateway() as client:
        for name in ("abacus", "org/model:8b", "abacus:n7"):
            response = await client.get(f"/v1/models/{name}")
            assert response.json()["id"] == name
        missing = await client.get("/v1/models/nope")
    assert missing.status_code == 404
    assert missing.json()["error"]["code"] == "model_not_found"


async def test_the_state_routes_answer() -> None:
    async with gateway() as client:
        assert (await client.get("/health")).json() == {"status": "ok"}
        assert (await client.get("/ready")).json()["status"] == "ready"
        assert "quorate_engine_in_flight" in (await client.get("/metrics")).text
        assert "ConsensusOptions" in (await client.get("/openapi.json")).text


async def test_unknown_routes_and_methods_have_the_envelope_too() -> None:
    async with gateway() as client:
        missing = await client.post("/v1/nothing", json=chat())
        wrong = await client.get("/v1/chat/completions")
    assert missing.status_code == 404
    assert wrong.status_code == 405
    for response in (missing, wrong):
        assert set(response.json()["error"]) == {"message", "type", "param", "code"}
        assert response.headers["x-request-id"]


async def test_an_api_key_guards_models_and_completions_alike_but_not_the_state() -> None:
    async with gateway(api_keys=ApiKeys(["sesame"])) as client:
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "sesame"}):
            for refused in (
                await client.get("/v1/models", headers=headers),
                await client.post("/v1/chat/completions", json=chat(consensus=2), headers=headers),
            ):
                assert refused.status_code == 401
                assert refused.json()["error"]["code"] == "invalid_api_key"
        good = {"authorization": "Bearer sesame"}
        assert (await client.get("/v1/models", headers=good)).status_code == 200
        assert (await client.get("/health")).status_code == 200
