"""Against the simulated engine on a real socket, which answers as its timing says."""

from collections.abc import Iterator

import pytest

from benchmarks.deadline.arrivals import at_once
from benchmarks.deadline.capacity import capacity, idle_speed
from benchmarks.deadline.cells import Stand, run
from benchmarks.deadline.generator import ClosedLoop
from benchmarks.deadline.questions import simulated
from benchmarks.deadline.systems import System
from tests.benchmarks.simulated.serving import simulated_engine


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    with simulated_engine() as url:
        yield Stand("simulated", url, url, simulated, 16, 0.05)


def test_an_idle_engine_is_as_fast_as_its_timing(stand: Stand) -> None:
    speed = idle_speed(stand)
    assert 0.007 < speed.token_s < 0.012
    assert 0.005 < speed.first_token_s < 0.1
    assert speed.tokens_within(1.0) == pytest.approx(1.0 / speed.token_s, rel=0.15)
    assert speed.tokens_within(0.0) == 1


def test_capacity_counts_whole_answers_only(stand: Stand) -> None:
    # 16 at once at 8 to 9 ms a token: 1,900 tokens/s for thoughts of some 800.
    assert 0.3 < capacity(stand, 4.0) < 12


def test_a_run_counts_what_the_engine_drew_for_it(stand: Stand) -> None:
    system = System("capped", "engine", {"max_tokens": 10})
    ran = run(stand, system, at_once(3, 60.0, seed=1), ClosedLoop(2, 60.0))
    assert ran.generated == 30
    assert [served.outcome.status for served in ran.served] == [200] * 3
    assert 0 <= ran.late_steps <= 1
