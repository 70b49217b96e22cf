"""How well the engines' pace is predicted, for operators: read when it is asked for."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from quorate_sampling.pace import Pace

LABELS = ("engine", "time")


class PaceMetrics(Collector):
    """Gauges over each engine's last thousand predictions.

    `time` is `first_token` (seconds to it) or `token` (seconds per token). `paces` gives each
    engine's name and its pace as they are now: a replica gets a new pace when it is warmed up.
    """

    def __init__(self, paces: Callable[[], Iterable[tuple[str, Pace]]]) -> None:
        self._paces = paces

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One family for each: predictions now, their coverage, their error, how many counted."""
        predicted = GaugeMetricFamily(
            "quorate_predicted_seconds",
            "What a usual request would be predicted now, by quantile.",
            labels=(*LABELS, "quantile"),
        )
        coverage = GaugeMetricFamily(
            "quorate_prediction_coverage",
            "Share of the last observations that the predicted 95th percentile covered.",
            labels=LABELS,
        )
        error = GaugeMetricFamily(
            "quorate_prediction_error_ratio",
            "Median of |predicted median - observed| / observed over the last observations.",
            labels=LABELS,
        )
        count = GaugeMetricFamily(
            "quorate_predictions_judged",
            "Observations that coverage and error are taken over.",
            labels=LABELS,
        )
        for engine, pace in self._paces():
            for quantile in (0.5, 0.95):
                told = {
                    "first_token": pace.first_token_s(quantile),
                    "token": pace.token_s(quantile),
                }
                for time, seconds in told.items():
                    predicted.add_metric((engine, time, str(quantile)), seconds)
            for time, accuracy in pace.accuracy.items():
                count.add_metric((engine, time), accuracy.count)
                if accuracy.coverage is not None and accuracy.error is not None:
                    coverage.add_metric((engine, time), accuracy.coverage)
                    error.add_metric((engine, time), accuracy.error)
        yield from (predicted, coverage, error, count)
