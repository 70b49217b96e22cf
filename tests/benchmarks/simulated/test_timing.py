from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.simulated.timing import QWEN_7B_ON_H100, Batch, Request

EXACT = replace(QWEN_7B_ON_H100, jitter=0.0)


def run(batch: Batch) -> dict[str, list[float]]:
    """Step until idle: when each sequence got each of its tokens."""
    times: dict[str, list[float]] = {}
    now = 0.0
    while not batch.idle:
        step = batch.step()
        now += step.seconds
        for name in step.tokens:
            times.setdefault(name, []).append(now)
    return times


def filled(count: int, *, prompt: int = 100, output: int = 50) -> Batch:
    batch = Batch(EXACT)
    for number in range(count):
        batch.add(Request(str(number), prompt, output))
    return batch


def test_one_sequence_takes_eight_milliseconds_a_token() -> None:
    times = run(filled(1))["0"]
    steps = [after - before for before, after in pairwise(times)]
    assert all(0.0075 < step < 0.009 for step in steps)


def test_a_full_batch_is_slower_for_each_and_faster_for_all() -> None:
    one, full = run(filled(1, output=200)), run(filled(256, output=200))
    last = max(times[-1] for times in full.values())
    assert last > 1.5 * one["0"][-1]
    assert 256 * 200 / last > 50 * 200 / one["0"][-1]


def test_a_prompt_is_read_at_some_twenty_thousand_tokens_a_second() -> None:
    (first,) = run(filled(1, prompt=8000, output=1))["0"]
    assert 15_000 < 8000 / first < 25_000


def test_a_cached_prefix_is_not_read_again() -> None:
    batch = Batch(EXACT)
    batch.add(Request("a", 8000, 1, cached_tokens=7_990))
    (first,) = run(batch)["a"]
    assert first < 0.02


def test_a_long_prompt_holds_up_those_that_generate_only_a_step_at_a_time() -> None:
    batch = filled(1)
    batch.step()
    batch.add(Request("long", 8000, 1))
    steps = []
    while not batch.idle:
        step = batch.step()
        steps.append(step)
        if "long" in step.tokens:
            break
    assert len(steps) == 4
    assert all("0" in step.tokens for step in steps)


def test_who_waits_goes_by_priority_then_by_arrival() -> None:
    batch = Batch(replace(EXACT, max_sequences=1))
    for name, priority in [("runs", 0), ("later", 5), ("first", 1), ("second", 1)]:
        batch.add(Request(name, 10, 2, priority=priority))
        if name == "runs":
            batch.step()
    times = run(batch)
    assert sorted(times, key=lambda name: times[name]) == ["runs", "first", "second", "later"]


def test_dropping_makes_room_at_once() -> None:
    batch = Batch(replace(EXACT, max_sequences=1))
    batch.add(Request("a", 10, 100))
    batch.add(Request("b", 10, 100))
    batch.add(Request("c", 10, 100))
    batch.step()
    batch.drop("a")
    batch.drop("b")
    batch.drop("unknown")
    assert batch.step().tokens == ("c",)


def test_what_does_not_fit_the_cache_waits_and_what_never_will_is_refused() -> None:
    batch = Batch(replace(EXACT, cache_tokens=1000))
    batch.add(Request("a", 500, 100))
    batch.add(Request("b", 500, 100))
    batch.step()
    assert (batch.running, batch.waiting) == (1, 1)
    assert set(run(batch)) == {"a", "b"}
    with pytest.raises(ValueError, match="fit"):
        batch.add(Request("c", 1000, 1))


def test_an_idle_engine_takes_no_time() -> None:
    assert Batch().step().seconds == 0.0


REQUESTS = st.lists(
    st.tuples(st.integers(1, 3000), st.integers(1, 20), st.integers(0, 4000), st.integers(-2, 2)),
    min_size=1,
    max_size=20,
)


@given(REQUESTS, st.integers(1, 8))
def test_each_sequence_gets_exactly_its_tokens_and_nothing_is_left(
    asked: list[tuple[int, int, int, int]], at_once: int
) -> None:
    batch = Batch(replace(EXACT, max_sequences=at_once), seed=1)
    for number, (prompt, output, cached, priority) in enumerate(asked):
        batch.add(Request(str(number), prompt, output, cached, priority))
    times = run(batch)
    assert {name: len(at) for name, at in times.items()} == {
        str(number): output for number, (_, output, _, _) in enumerate(asked)
    }
    assert batch._held_tokens == 0
