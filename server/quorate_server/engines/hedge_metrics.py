"""What hedging does, for operators."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from quorate_server.engines.hedge_budget import HedgeCounts


class HedgeState(Collector):
    """Counters read when they are asked for."""

    def __init__(self, counts: HedgeCounts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[CounterMetricFamily]:
        """One family for each: hedges sent and won, tokens of losers, failovers."""
        counts = self._counts
        for name, told, value in (
            ("hedges_sent", "Draws sent to a second engine too.", counts.sent),
            ("hedges_won", "Of these, those the second engine began first.", counts.won),
            ("hedge_wasted_tokens", "Tokens of engines that lost; billed.", counts.wasted_tokens),
            (
                "failovers",
                "Draws and plain requests begun anew on another engine.",
                counts.failovers,
            ),
        ):
            yield CounterMetricFamily(f"quorate_{name}", told, value=value)
