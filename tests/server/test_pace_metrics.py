from prometheus_client import CollectorRegistry

from quorate_sampling.pace import Pace
from quorate_server.metrics import exposition
from quorate_server.pace_metrics import PaceMetrics
from tests.sampling.paced import paced


def told(*paces: tuple[str, Pace]) -> str:
    registry = CollectorRegistry()
    registry.register(PaceMetrics(lambda: paces))
    return exposition(registry).decode()


def test_an_engine_that_was_observed_tells_how_well_it_was_predicted() -> None:
    text = told(("engine-0", paced(times=30)))
    assert 'quorate_predictions_judged{engine="engine-0",time="first_token"} 30.0' in text
    assert 'quorate_prediction_coverage{engine="engine-0",time="token"}' in text
    assert 'quorate_prediction_error_ratio{engine="engine-0",time="first_token"}' in text
    assert 'quorate_predicted_seconds{engine="engine-0",quantile="0.95",time="token"}' in text


def test_before_any_observation_there_is_no_coverage_to_tell() -> None:
    text = told(("a", Pace()), ("b", Pace()))
    assert 'quorate_predictions_judged{engine="b",time="token"} 0.0' in text
    assert "quorate_prediction_coverage{" not in text
