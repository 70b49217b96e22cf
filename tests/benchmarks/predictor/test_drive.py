import pytest

from benchmarks.predictor.drive import VirtualClock, drive
from benchmarks.predictor.rivals import Paced, Windows
from benchmarks.predictor.traffic import CACHED_SHARE, Arrival, Phase, capacity, traffic
from benchmarks.simulated.timing import QWEN_7B_ON_H100, Batch, Request


def test_every_request_is_observed_once_at_the_times_the_engine_gives() -> None:
    arrivals = [Arrival(float(at), Request(str(at), 100, 1 + at)) for at in range(4)]
    observed = drive(Batch(), arrivals, lambda clock: (Paced(clock), Windows()))
    assert [each.number for each in observed] == [0, 1, 2, 3]
    assert observed[0].token_s is None
    assert all(len(each.predicted) == 2 for each in observed)
    for each in observed[1:]:
        assert each.first_s == pytest.approx(0.012, abs=0.008)
        assert each.token_s == pytest.approx(0.008, abs=0.004)


def test_arrivals_keep_coming_at_the_load_however_busy_the_engine_is() -> None:
    arrivals = traffic(0, 10.0, (Phase(0.5, 2000), Phase(2.0, 2000)))
    slow, fast = arrivals[1999].at, arrivals[-1].at - arrivals[1999].at
    assert slow == pytest.approx(400, rel=0.1)
    assert fast == pytest.approx(100, rel=0.1)
    lengths = [arrival.request.prompt_tokens for arrival in arrivals]
    assert 100 <= min(lengths) < 120
    assert 7000 < max(lengths) <= 8000
    shared = sum(arrival.request.cached_tokens > 0 for arrival in arrivals) / len(arrivals)
    assert shared == pytest.approx(CACHED_SHARE, abs=0.03)


def test_predictors_never_see_the_future() -> None:
    """What is predicted of a request is the same whatever comes after it."""
    at_most = capacity(QWEN_7B_ON_H100)
    whole = traffic(0, at_most, (Phase(0.9, 60),))
    some = drive(Batch(), whole[:40], lambda clock: (Paced(clock),))
    all_ = drive(Batch(), whole, lambda clock: (Paced(clock),))
    for one, other in zip(some, all_, strict=False):
        assert one.predicted == other.predicted


def test_the_clock_never_goes_back() -> None:
    clock_seen: list[float] = []

    class Looks(Windows):
        def sent(self, prompt_tokens, cached_tokens):
            clock_seen.append(clock())
            return super().sent(prompt_tokens, cached_tokens)

    clock = VirtualClock()

    def predictors(given: VirtualClock):
        nonlocal clock
        clock = given
        return (Looks(),)

    drive(Batch(), traffic(1, 10.0, (Phase(1.3, 100),)), predictors)
    assert clock_seen == sorted(clock_seen)
    assert len(clock_seen) == 100
