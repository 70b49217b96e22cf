"""Asking a second model where the first is not sure enough."""

from typing import Any

import pytest

from quorate_sampling.errors import EngineFailed
from quorate_server.admission.demand import Demand
from quorate_server.engines.replica import Replica, ReplicaPool
from quorate_server.ledger import Prices
from tests.sampling.scripted import ScriptedEngine
from tests.server.scripted_gateway import NoUpstream, chat, gateway, quick, slow

CHAT = "/v1/chat/completions"
UNSURE = ["1", "2", "3", "1", "4", "5", "6", "7"]
CASCADE = {
    "max_samples": 8,
    "min_agreement": 0.8,
    "on_low_confidence": {"escalate": "big"},
}


def pool_of_two(small: ScriptedEngine, big: ScriptedEngine) -> ReplicaPool:
    replicas = [
        Replica(NoUpstream(), engine, (name,), max_model_len=2048)
        for name, engine in (("abacus", small), ("big", big))
    ]
    return ReplicaPool(replicas)


def engine(answers: list[str], **kwargs: Any) -> ScriptedEngine:
    return ScriptedEngine([quick(answer, **kwargs) for answer in answers])


async def asked(
    small: ScriptedEngine, big: ScriptedEngine, consensus: dict[str, Any], **fields: Any
) -> dict[str, Any]:
    prices = Prices(prompt=1.0, completion=2.0)
    async with gateway(pool=pool_of_two(small, big), prices=prices) as client:
        response = await client.post(CHAT, json=chat(consensus=consensus, **fields))
    body: dict[str, Any] = response.json()
    return body


async def test_an_answer_that_is_sure_enough_is_not_escalated() -> None:
    small, big = engine(["46"]), engine(["46"])
    body = await asked(small, big, CASCADE)
    assert body["consensus"]["escalated_to"] is None
    assert big.draws == []


async def test_another_model_is_asked_and_both_are_reported_and_billed() -> None:
    small, big = engine(UNSURE), engine(["46"])
    body = await asked(small, big, CASCADE)
    consensus, first = body["consensus"], body["consensus"]["debug"]["first"]
    assert consensus["answer"] == body["choices"][0]["message"]["content"] == "46"
    assert consensus["escalated_to"] == "big"
    assert consensus["agreement"] == 1.0
    assert (first["model"], first["answer"]) == ("abacus", "1")
    assert first["agreement"] < 0.8
    assert sum(vote["count"] for vote in first["votes"]) == first["sample_counts"]["finished"]
    usage = body["usage"]
    assert usage["completion_tokens"] == small.generated + big.generated
    assert usage["prompt_tokens"] == 6
    assert usage["cost"] == pytest.approx((6 + 2 * usage["completion_tokens"]) / 1e6)
    assert {draw.body["model"] for draw in big.draws} == {"big"}
    assert not {d.sample_id for d in big.draws} & {d.sample_id for d in small.draws}


async def test_the_second_answer_stands_however_sure_it_is() -> None:
    body = await asked(engine(UNSURE), engine(["7", "8", "9", "7", "1", "2"]), CASCADE)
    assert body["consensus"]["escalated_to"] == "big"
    assert body["consensus"]["abstained"] is False


@pytest.mark.parametrize("max_queue", [0, 256])
async def test_where_the_other_models_engine_is_full_the_first_answer_stands(
    max_queue: int,
) -> None:
    small, big = engine(UNSURE), engine(["46"])
    pool = pool_of_two(small, big)
    full = pool.replicas[1]
    full.admission.max_queue = max_queue
    async with gateway(pool=pool) as client, full.entered(Demand(full.admission.free)):
        request = chat(consensus=CASCADE, deadline_ms=1000)
        response = await client.post(CHAT, json=request)
    assert response.status_code == 200
    consensus = response.json()["consensus"]
    assert consensus["answer"] == "1"
    assert consensus["escalated_to"] is None
    assert "engine" in consensus["debug"]["escalation"]
    assert big.draws == []


async def test_where_the_other_model_fails_the_first_answer_stands() -> None:
    lost = ScriptedEngine([quick(error=EngineFailed("the big one died"), error_after=1)])
    body = await asked(engine(UNSURE), lost, CASCADE)
    assert body["consensus"]["answer"] == "1"
    assert body["consensus"]["escalated_to"] is None
    assert "died" in body["consensus"]["debug"]["escalation"]


async def test_what_is_left_of_the_limits_is_the_other_models() -> None:
    small, big = engine(UNSURE), ScriptedEngine([slow(token_s=0.0)])
    body = await asked(small, big, {**CASCADE, "max_tokens_total": 1000})
    assert body["usage"]["completion_tokens"] <= 1000 + 200
    assert small.generated + big.generated == body["usage"]["completion_tokens"]
    assert body["consensus"]["escalated_to"] is None
    assert "tokens" in body["consensus"]["debug"]["escalation"]


async def test_the_deadline_is_for_both() -> None:
    small = engine(UNSURE)
    big = ScriptedEngine([slow()])
    body = await asked(small, big, CASCADE, deadline_ms=2500)
    assert body["deadline"]["met"] is True
    assert body["deadline"]["elapsed_ms"] < 2500
    assert big.running == 0


@pytest.mark.parametrize(("model", "status"), [("nobody", 404), ("abacus", 400)])
async def test_a_model_that_cannot_be_the_second_is_refused_before_the_first_is_asked(
    model: str, status: int
) -> None:
    small, big = engine(["46"]), engine(["46"])
    consensus = {"min_agreement": 0.5, "on_low_confidence": {"escalate": model}}
    async with gateway(pool=pool_of_two(small, big)) as client:
        response = await client.post(CHAT, json=chat(consensus=consensus))
    assert response.status_code == status
    assert response.json()["error"]["param"] == "consensus.on_low_confidence.escalate"
    assert small.draws == []


async def test_feedback_is_on_the_answer_that_was_told_where_the_other_model_had_none() -> None:
    small, big = engine(UNSURE), ScriptedEngine([slow(token_s=0.0)])
    request = chat(consensus={**CASCADE, "max_tokens_total": 600})
    async with gateway(pool=pool_of_two(small, big)) as client:
        body = (await client.post(CHAT, json=request)).json()
        assert big.draws
        assert (body["consensus"]["answer"], body["consensus"]["escalated_to"]) == ("1", None)
        said = {"id": body["id"], "expected": "1"}
        judged = (await client.post("/v1/feedback", json=said)).json()
    assert (judged["answer"], judged["correct"]) == ("1", True)
