"""What a server says is not trusted: nonsense costs at most the call that it was said to."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from openai import OpenAIError

from quorate import Answer, Quorate, QuorateError
from tests.sdk.faults.facing import facing
from tests.sdk.faults.hostile import Hostile
from tests.sdk.faults.mistreating import Exchange, answer, mute
from tests.sdk.faults.wire import (
    ANSWER,
    CONSENSUS,
    LAST,
    MODEL,
    SSE,
    USAGE,
    chunk,
    delta,
    error,
    event,
)

QUESTION = "What is 2+2?"
NO_MILLISECONDS: list[Any] = [float("nan"), float("inf"), -1e300, 1e300, "x", True, []]
NO_TIME: list[Any] = [
    *({"elapsed_ms": told} for told in NO_MILLISECONDS),
    *({"met": "maybe", "forced": -1, "budget_ms": []}, [], "no", 7),
]
NO_HEADER = [
    *("retry-after-ms: nan", "retry-after-ms: inf", "retry-after-ms: -5", "retry-after-ms: 0"),
    *("retry-after: 1e400", "retry-after: soon", "retry-after: Wed, 99 Foo 99999 99:99:99 GMT"),
    *("x-quorate-earliest-ms: nan", "x-should-retry: perhaps"),
]


@pytest.mark.parametrize("spent", NO_TIME, ids=str)
def test_nonsense_about_the_time_it_took_does_not_spoil_the_next_call(spent: Any) -> None:
    async def nonsense(exchange: Exchange) -> None:
        await exchange.say(
            SSE + event(**delta(content=ANSWER), consensus=CONSENSUS, deadline=spent)
        )
        await exchange.say(event(**delta("stop")) + event(choices=[], usage=USAGE))
        await exchange.say(chunk(b"data: [DONE]\n\n") + LAST)

    hostile = Hostile([nonsense], good=0.0)
    with facing(hostile) as url, Quorate(base_url=url, model=MODEL, max_retries=0) as client:
        for _ in range(3):
            with suppress(QuorateError, OpenAIError):
                assert client.ask(QUESTION, deadline=2).text == ANSWER
        hostile.faults = [answer]
        assert client.ask(QUESTION, deadline=2).text == ANSWER
        assert 1000 < float(hostile.asked[-1]["x-quorate-deadline-ms"]) < 2000


@pytest.mark.parametrize("header", NO_HEADER)
def test_nonsense_about_when_to_come_back_is_no_longer_wait(header: str) -> None:
    async def refuse(exchange: Exchange) -> None:
        await exchange.say(error("503 Service Unavailable", "overloaded", header))

    hostile = Hostile([refuse], good=0.0)
    with facing(hostile) as url, Quorate(base_url=url, model=MODEL) as client:
        began_at = time.monotonic()
        with pytest.raises((QuorateError, OpenAIError)):
            client.ask(QUESTION, deadline=0.3)
        assert time.monotonic() - began_at < 0.8
        assert len(hostile.asked) < 50


def test_a_client_that_is_closed_under_its_callers_sends_them_away() -> None:
    outcomes: list[BaseException] = []

    def ask() -> None:
        try:
            client.ask(QUESTION, deadline=60)
        except BaseException as error:
            outcomes.append(error)

    hostile = Hostile([mute], good=0.0)
    with facing(hostile) as url:
        client = Quorate(base_url=url, model=MODEL)
        callers = [threading.Thread(target=ask) for _ in range(5)]
        for caller in callers:
            caller.start()
        while hostile.open < len(callers):
            time.sleep(0.01)
        client.close()
        for caller in callers:
            caller.join(3)
        assert len(outcomes) == len(callers)


def test_questions_without_end_are_asked_as_they_are_wanted() -> None:
    count = itertools.count()
    questions = (f"What is {next(count)}+0?" for _ in itertools.count())
    with facing(Hostile([answer])) as url, Quorate(base_url=url, model=MODEL) as client:
        answers = client.ask_many(questions, concurrency=2, deadline=5)
        first = list(itertools.islice(answers, 5))
    assert all(isinstance(each, Answer) for each in first)
    assert next(count) < 20


def test_questions_that_break_off_are_the_askers_error() -> None:
    def questions() -> Iterator[str]:
        yield QUESTION
        raise ZeroDivisionError

    with (
        facing(Hostile([answer])) as url,
        Quorate(base_url=url, model=MODEL) as client,
        pytest.raises(ZeroDivisionError),
    ):
        list(client.ask_many(questions(), deadline=5))


@pytest.mark.parametrize("seconds", [1e-6, 1e-4, 1e-3, 2e-3, 5e-3])
def test_a_deadline_of_next_to_nothing_is_kept(seconds: float) -> None:
    with facing(Hostile([answer])) as url, Quorate(base_url=url, model=MODEL) as client:
        client.ask(QUESTION, deadline=5)
        began_at = time.monotonic()
        with suppress(QuorateError):
            assert client.ask(QUESTION, deadline=seconds).text == ANSWER
        assert time.monotonic() - began_at < seconds + 0.3
