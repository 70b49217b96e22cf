"""What operators see of admission: limits, queues, waits and refusals of each engine."""

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from quorate_server.admission.waits import BOUNDS_S
from quorate_server.engines.replica import ReplicaPool


class AdmissionState(Collector):
    """Read when it is asked for."""

    def __init__(self, pool: ReplicaPool) -> None:
        self._pool = pool

    def collect(self) -> Iterator[Metric]:
        """Gauges for limit, load and queue; counts of refusals by reason; a histogram of waits."""
        labels = ("engine",)
        limit = GaugeMetricFamily(
            "quorate_admission_limit_samples", "Samples an engine is given at once.", labels=labels
        )
        in_flight = GaugeMetricFamily(
            "quorate_samples_in_flight",
            "Samples an engine is drawing, or that a request it was given has room for.",
            labels=labels,
        )
        queued = GaugeMetricFamily(
            "quorate_queue_length", "Requests that wait for an engine.", labels=labels
        )
        refused = CounterMetricFamily(
            "quorate_requests_refused",
            "Requests refused for an engine's load or pace, by reason.",
            labels=("engine", "reason"),
        )
        waits = HistogramMetricFamily(
            "quorate_queue_wait_seconds", "How long requests waited for an engine.", labels=labels
        )
        for replica in self._pool.replicas:
            name, admission = replica.engine.name, replica.admission
            limit.add_metric((name,), admission.limit.samples)
            in_flight.add_metric((name,), admission.in_flight)
            queued.add_metric((name,), admission.queued)
            for reason, count in admission.counts.refused.items():
                refused.add_metric((name, reason), count)
            bounds = [*map(str, BOUNDS_S), "+Inf"]
            below = accumulate(admission.counts.waits)
            buckets = list(zip(bounds, map(float, below), strict=True))
            waits.add_metric((name,), buckets, admission.counts.waited_s)
        yield from (limit, in_flight, queued, refused, waits)
