"""Deadlines in scopes, against a server that stalls: shared and shrunk, in tasks and threads."""

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from quorate import (
    AsyncQuorate,
    DeadlineExceeded,
    Overloaded,
    Quorate,
    current_deadline,
    deadline,
)
from tests.sdk.faults.facing import facing
from tests.sdk.faults.hostile import Hostile
from tests.sdk.faults.mistreating import answer, mute, overloaded
from tests.sdk.faults.wire import MODEL

GRACE_S = 0.5
QUESTION = "What is 2+2?"
HEADER = "x-quorate-deadline-ms"


def waited(ask: Callable[[], object]) -> float:
    """Seconds until the deadline was exceeded."""
    began_at = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        ask()
    return time.monotonic() - began_at


@pytest.fixture
def stalled() -> Iterator[Quorate]:
    with facing(Hostile([mute], good=0.0)) as url, Quorate(base_url=url, model=MODEL) as client:
        yield client


def test_the_nearest_of_all_deadlines_holds(stalled: Quorate) -> None:
    def ask(seconds: float | None = None) -> float:
        return waited(lambda: stalled.ask(QUESTION, deadline=seconds))

    with deadline(5):
        assert 0.2 <= ask(0.2) < 0.2 + GRACE_S
        with deadline(0.2):
            assert 0.19 <= ask() < 0.2 + GRACE_S
        with deadline(0.2), deadline(9):
            assert 0.19 <= ask(9) < 0.2 + GRACE_S


def test_calls_in_a_scope_share_what_remains(stalled: Quorate) -> None:
    with deadline(0.3) as limit:
        waited(lambda: stalled.ask(QUESTION, deadline=0.2))
        assert waited(lambda: stalled.ask(QUESTION)) < 0.1 + GRACE_S
        assert limit.remaining_s() <= 0
        assert waited(lambda: stalled.ask(QUESTION)) < 0.05


def test_a_client_with_a_deadline_obeys_the_scope_too(stalled: Quorate) -> None:
    limited = stalled.with_deadline(5)
    with deadline(0.2):
        assert waited(lambda: limited.ask(QUESTION)) < 0.2 + GRACE_S
    assert waited(lambda: stalled.with_deadline(0.2).ask(QUESTION)) < 0.2 + GRACE_S


async def test_tasks_started_in_a_scope_have_it_and_tasks_outside_do_not() -> None:
    hostile = Hostile([answer])
    async with (
        hostile.serve() as port,
        AsyncQuorate(base_url=f"http://127.0.0.1:{port}/v1", model=MODEL) as client,
    ):
        with deadline(3):
            inside = asyncio.create_task(client.ask(QUESTION))
            await asyncio.gather(*(client.ask(QUESTION) for _ in range(3)))
        await inside
        told = [float(each[HEADER]) for each in hostile.asked]
        assert len(told) == 4
        assert all(2000 < each < 3000 for each in told)
        await asyncio.create_task(client.ask(QUESTION))
        assert HEADER not in hostile.asked[-1]


async def test_scopes_of_tasks_side_by_side_do_not_touch_each_other() -> None:
    async with (
        Hostile([mute], good=0.0).serve() as port,
        AsyncQuorate(base_url=f"http://127.0.0.1:{port}/v1", model=MODEL) as client,
    ):

        async def ask(seconds: float) -> float:
            began_at = time.monotonic()
            with deadline(seconds), pytest.raises(DeadlineExceeded):
                await client.ask(QUESTION)
            return time.monotonic() - began_at

        limits = [0.1, 0.3, 0.2, 0.4]
        took = await asyncio.gather(*(ask(limit) for limit in limits))
    for limit, seconds in zip(limits, took, strict=True):
        assert limit <= seconds + 0.01 < limit + GRACE_S
    assert current_deadline() is None


def test_a_thread_has_the_scope_it_is_given_and_no_other(stalled: Quorate) -> None:
    took: dict[str, float] = {}

    def ask(name: str, seconds: float | None) -> None:
        took[name] = waited(lambda: stalled.ask(QUESTION, deadline=seconds))

    with deadline(0.2):
        context = contextvars.copy_context()
        threads = [
            threading.Thread(target=context.run, args=(ask, "given", None)),
            threading.Thread(target=ask, args=("own", 0.4)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert took["given"] < 0.2 + GRACE_S
    assert 0.4 <= took["own"] + 0.01 < 0.4 + GRACE_S


async def test_to_thread_carries_the_scope(stalled: Quorate) -> None:
    with deadline(0.2):
        seconds = await asyncio.to_thread(waited, lambda: stalled.ask(QUESTION))
    assert seconds < 0.2 + GRACE_S


def test_a_batch_shares_the_scope_around_it(stalled: Quorate) -> None:
    began_at = time.monotonic()
    with deadline(0.3):
        outcomes = list(stalled.ask_many([QUESTION] * 10, concurrency=2))
    assert time.monotonic() - began_at < 0.3 + GRACE_S
    assert len(outcomes) == 10
    assert all(isinstance(each, DeadlineExceeded) for each in outcomes)


def test_what_is_sent_shrinks_with_what_remains_and_with_each_retry() -> None:
    hostile = Hostile([overloaded], good=0.0)
    with (
        facing(hostile) as url,
        Quorate(base_url=url, model=MODEL) as client,
        pytest.raises((DeadlineExceeded, Overloaded)),
    ):
        client.ask(QUESTION, deadline=0.4)
    told = [float(each[HEADER]) for each in hostile.asked]
    assert len(told) > 1
    assert told == sorted(told, reverse=True)
    assert all(each <= 400 for each in told)


@pytest.mark.parametrize("seconds", [0, -1, 1e-9])
def test_a_deadline_that_has_passed_asks_nothing(seconds: float) -> None:
    hostile = Hostile([answer])
    with facing(hostile) as url, Quorate(base_url=url, model=MODEL) as client:
        assert waited(lambda: client.ask(QUESTION, deadline=seconds)) < 0.05
    assert hostile.asked == []


@pytest.mark.parametrize("wrong", [float("nan"), "3", True])
def test_what_is_no_time_is_refused(wrong: object, stalled: Quorate) -> None:
    with pytest.raises((ValueError, TypeError)):
        stalled.ask(QUESTION, deadline=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [float("inf"), 365 * 86400.0, 1e12])
def test_a_deadline_of_ages_is_one_like_any_other(seconds: float) -> None:
    with facing(Hostile([answer])) as url, Quorate(base_url=url, model=MODEL) as client:
        assert client.ask(QUESTION, deadline=seconds).text == "4"
