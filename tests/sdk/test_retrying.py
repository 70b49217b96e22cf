"""When a call is made again, and when not."""

import email.utils
import time

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.deadline import Deadline
from quorate.errors import DeadlineExceeded, DeadlineInfeasible
from quorate.retrying import LONGEST_WAIT_S, earliest_s, mendable, retrying, wait_s

REQUEST = httpx2.Request("POST", "http://quorate.test/v1")


def status(code: int, **headers: str) -> openai.APIStatusError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = httpx2.Response(code, request=REQUEST, headers=named)
    return openai.APIStatusError("x", response=response, body=None)


@pytest.mark.parametrize("code", [408, 409, 429, 500, 502, 503, 529])
def test_what_may_be_better_a_moment_later_is_tried_again(code: int) -> None:
    assert mendable(status(code))
    assert not mendable(status(code, x_should_retry="false"))


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 413, 422])
def test_what_is_wrong_stays_wrong(code: int) -> None:
    assert not mendable(status(code))
    assert mendable(status(code, x_should_retry="true"))


def test_a_connection_that_failed_may_not_fail_again():
    assert mendable(openai.APIConnectionError(request=REQUEST))
    assert mendable(openai.APITimeoutError(request=REQUEST))


def test_time_that_is_up_does_not_come_back():
    response = httpx2.Response(400, request=REQUEST, headers={"x-should-retry": "true"})
    assert not mendable(DeadlineInfeasible("x", response=response, body=None))
    assert not mendable(DeadlineExceeded("x", request=REQUEST, response=response))


@pytest.mark.parametrize("error", [ValueError(), KeyError(), openai.OpenAIError(), None])
def test_what_is_the_callers_own_is_left_alone(error: BaseException) -> None:
    assert not mendable(error)


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry_after_ms": "250", "retry_after": "9"}, 0.25, 0.275),
        ({"retry_after": "2"}, 2.0, 2.2),
        ({"retry_after": "0"}, 0.0, 0.0),
        ({"retry_after_ms": "soon", "retry_after": "2"}, 2.0, 2.2),
        ({"retry_after": "nan"}, 0.0, 0.1),
        ({"retry_after": "-3"}, 0.0, 0.1),
        ({"retry_after": "never"}, 0.0, 0.1),
    ],
)
def test_the_server_says_when(headers: dict[str, str], least: float, most: float) -> None:
    assert least <= wait_s(status(503, **headers), 1) <= most


def test_the_server_may_say_when_as_a_date():
    date = email.utils.formatdate(time.time() + 30, usegmt=True)
    assert 27 < wait_s(status(503, retry_after=date), 1) < 34


@given(st.integers(1, 10_000))
def test_else_waits_grow_and_are_bounded(attempt: int) -> None:
    waits = [wait_s(None, attempt) for _ in range(20)]
    assert min(waits) >= 0
    assert max(waits) <= min(LONGEST_WAIT_S, 0.05 * 2.0 ** min(attempt, 16))


@pytest.mark.parametrize(("said", "seconds"), [("700", 0.7), ("soon", 0.0), ("inf", 0.0)])
def test_the_earliest_that_the_server_says(said: str, seconds: float) -> None:
    assert earliest_s(status(503, x_quorate_earliest_ms=said)) == seconds


async def attempts(limit_s: float, error: Exception, retries: int = 5, least_s: float = 0.0) -> int:
    """How often a call is made that always fails so."""
    made = 0

    async def fail() -> None:
        nonlocal made
        made += 1
        raise error

    again = retrying(Deadline.after(limit_s), retries, lambda left: least_s)
    with pytest.raises(type(error)):
        await again(fail)
    return made


async def test_it_is_tried_so_often_and_no_more():
    error = status(503, retry_after_ms="0")
    assert await attempts(60, error, retries=3) == 4
    assert await attempts(60, error, retries=0) == 1


async def test_it_is_not_tried_when_too_little_would_be_left():
    assert await attempts(0.5, status(503, retry_after_ms="600")) == 1
    assert await attempts(0.5, status(503, retry_after_ms="0", x_quorate_earliest_ms="600")) == 1
    assert await attempts(0.5, status(503, retry_after_ms="0"), least_s=0.6) == 1
    assert await attempts(-1, status(503, retry_after_ms="0")) == 1
