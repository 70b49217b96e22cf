"""The learning rate and the order in which levels come."""

import pytest

from training.abacus.levels import LEVELS
from training.abacus.schedule import learning_rate, level_weights


def test_the_learning_rate_warms_up_holds_and_falls_to_nothing() -> None:
    assert learning_rate(0) == pytest.approx(0.01)
    assert learning_rate(0.3) == 1
    assert learning_rate(0.7) == pytest.approx(0.5)
    assert learning_rate(1) == 0


def test_easy_levels_come_first_and_all_come_in_the_end() -> None:
    early, late = level_weights(0.01), level_weights(0.3)
    assert early[1] > 10 * early[max(LEVELS)]
    assert min(late.values()) > 0.2
    assert late == level_weights(1.0)
