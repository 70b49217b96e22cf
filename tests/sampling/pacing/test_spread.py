import random
from math import sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate_sampling.pacing.spread import COVERED, HIGHEST, LOWEST, TOLD, WINDOW, Spread

ERRORS = st.floats(-1e6, 1e6)


def covered(errors: list[float], late: int = 0) -> float:
    """The share of errors under the 95th percentile at their time; told `late` steps later."""
    spread, hits, pending = Spread((0.0, 1.0)), 0, []
    for error in errors:
        limit = spread.quantile(COVERED)
        hits += error <= limit
        pending.append((error, error > limit))
        if len(pending) > late:
            told, exceeded = pending.pop(0)
            spread.observe(told, exceeded=exceeded)
    return hits / len(errors)


def test_the_95th_percentile_covers_95_percent() -> None:
    rng = random.Random(0)
    assert covered([rng.gauss(0, 1) for _ in range(4000)]) == pytest.approx(0.95, abs=0.01)


def test_it_does_so_while_the_errors_drift_and_grow() -> None:
    rng = random.Random(0)
    drifting = [i / 300 + rng.gauss(0, 1) * (2 + sin(i / 90)) for i in range(3000)]
    assert covered(drifting) == pytest.approx(0.95, abs=0.015)


def test_it_does_so_although_observations_come_late() -> None:
    rng = random.Random(0)
    waves = [sin(i / 200) * 2 + rng.gauss(0, 1) for i in range(4000)]
    assert covered(waves, late=60) == pytest.approx(0.95, abs=0.02)


def test_quantiles_are_those_of_what_came_last() -> None:
    spread = Spread((0.0, 100.0))
    for error in [100.0] * WINDOW + [float(i) for i in range(WINDOW)]:
        spread.observe(error, exceeded=error > spread.quantile(COVERED))
    assert spread.quantile(0.5) == pytest.approx(WINDOW / 2, abs=1)
    assert spread.quantile(0.0) == 0.0


@given(
    st.lists(st.tuples(ERRORS, st.booleans()), max_size=300),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_quantiles_rise_and_the_level_is_bounded(seen, one, other) -> None:
    spread = Spread((-1.0, 0.0, 1.0))
    for error, exceeded in seen:
        spread.observe(error, exceeded=exceeded)
    low, high = sorted((one, other))
    assert spread.quantile(low) <= spread.quantile(high) + 1e-6
    assert LOWEST <= spread.level <= HIGHEST


def test_a_restored_spread_has_about_the_quantiles_it_had() -> None:
    rng = random.Random(0)
    spread, again = Spread((0.0, 1.0)), Spread((5.0, 6.0))
    for _ in range(300):
        error = rng.gauss(0, 1)
        spread.observe(error, exceeded=error > spread.quantile(COVERED))
    again.restore(spread.state())
    for q in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert again.quantile(q) == pytest.approx(spread.quantile(q), abs=0.15)
    assert again.level == pytest.approx(spread.level)


def test_what_it_is_restored_from_gives_way_to_what_is_observed() -> None:
    spread, again = Spread((0.0, 1.0)), Spread((0.0, 1.0))
    for _ in range(300):
        spread.observe(50.0, exceeded=False)
    again.restore(spread.state())
    assert again.quantile(0.5) == 50.0
    for _ in range(TOLD):
        again.observe(2.0, exceeded=False)
    assert again.quantile(0.5) == 2.0
