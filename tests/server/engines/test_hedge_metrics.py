import httpx
from prometheus_client import CollectorRegistry, generate_latest

from quorate_sampling.engine import Abilities
from quorate_server.app import create_app
from quorate_server.engines.hedge_budget import HedgeCounts
from quorate_server.engines.hedge_metrics import HedgeState
from quorate_server.engines.replica import Replica, ReplicaPool
from quorate_server.engines.vllm import HttpEngine
from tests.server.engines.fake_upstream import BROKEN, Answer, FakeUpstream, told
from tests.server.scripted_gateway import chat


def test_what_hedging_does_is_told_as_counters() -> None:
    counts = HedgeCounts(sent=3, won=1)
    registry = CollectorRegistry()
    registry.register(HedgeState(counts))
    counts.wasted_tokens += 7
    metrics = generate_latest(registry).decode()
    for line in ("hedges_sent_total 3.0", "hedges_won_total 1.0", "failovers_total 0.0"):
        assert f"quorate_{line}" in metrics
    assert "quorate_hedge_wasted_tokens_total 7.0" in metrics


def replica(answer: Answer) -> Replica:
    upstream = FakeUpstream(lambda _: answer)
    return Replica(upstream, HttpEngine(upstream, name="e", abilities=Abilities()), ("abacus",))


async def test_a_plain_request_that_is_begun_anew_is_counted() -> None:
    app = create_app(ReplicaPool([replica(BROKEN), replica(told(200, {"choices": []}))]))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        answer = await client.post("/v1/chat/completions", json=chat())
        assert answer.status_code == 200
        metrics = await client.get("/metrics")
    assert "quorate_failovers_total 1.0" in metrics.text
