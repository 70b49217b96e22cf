from prometheus_client import CollectorRegistry, generate_latest

from quorate_server.engines.hedge_budget import HedgeCounts
from quorate_server.engines.hedge_metrics import HedgeState


def test_what_hedging_does_is_told_as_counters() -> None:
    counts = HedgeCounts(sent=3, won=1)
    registry = CollectorRegistry()
    registry.register(HedgeState(counts))
    counts.wasted_tokens += 7
    told = generate_latest(registry).decode()
    for line in ("hedges_sent_total 3.0", "hedges_won_total 1.0", "failovers_total 0.0"):
        assert f"quorate_{line}" in told
    assert "quorate_hedge_wasted_tokens_total 7.0" in told
