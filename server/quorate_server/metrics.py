"""What operators see: counters and gauges in Prometheus' format."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from quorate_server.engines.replica import ReplicaPool
from quorate_server.lag import LoopLag
from quorate_server.ledger import Bill


class PrometheusLedger:
    """A Ledger whose books are counters."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "quorate_requests",
            "Completions answered, by kind: plain, deadline or group.",
            ("model", "kind"),
            registry=registry,
        )
        self._tokens = Counter(
            "quorate_tokens",
            "Tokens billed. reasoning and cancelled tokens are among the completion tokens.",
            ("model", "kind", "token"),
            registry=registry,
        )
        self._estimated = Counter(
            "quorate_estimated_bills",
            "Bills that are a bound, because an engine could not report its usage.",
            ("model",),
            registry=registry,
        )

    def record(self, bill: Bill) -> None:
        """Book one request's bill."""
        self._requests.labels(bill.model, bill.kind).inc()
        for token, count in (
            ("prompt", bill.prompt_tokens),
            ("completion", bill.completion_tokens),
            ("cancelled", bill.cancelled_tokens),
            ("reasoning", bill.reasoning_tokens),
        ):
            if count:
                self._tokens.labels(bill.model, bill.kind, token).inc(count)
        if not bill.exact:
            self._estimated.labels(bill.model).inc()


class GatewayState(Collector):
    """Gauges read when they are asked for."""

    def __init__(self, pool: ReplicaPool, lag: LoopLag) -> None:
        self._pool = pool
        self._lag = lag

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One family for each: requests in flight, readiness, the event loop's lag."""
        in_flight = GaugeMetricFamily(
            "quorate_engine_in_flight", "Requests an engine is working on.", labels=("engine",)
        )
        ready = GaugeMetricFamily(
            "quorate_engine_ready", "Whether an engine takes requests.", labels=("engine",)
        )
        for replica in self._pool.replicas:
            in_flight.add_metric((replica.engine.name,), replica.in_flight)
            ready.add_metric((replica.engine.name,), float(replica.ready))
        yield in_flight
        yield ready
        lag = GaugeMetricFamily(
            "quorate_loop_lag_seconds", "The event loop's worst delay in the last ten seconds."
        )
        lag.add_metric((), max(self._lag.recent, default=0.0))
        yield lag


def exposition(registry: CollectorRegistry) -> bytes:
    """All metrics, as `/metrics` serves them."""
    return generate_latest(registry)
