"""Trying again, inside what remains of a deadline."""

import email.utils
import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import openai

from quorate.deadline import Deadline
from quorate.errors import DeadlineExceeded, DeadlineInfeasible, header_number

if TYPE_CHECKING:
    from tenacity import AsyncRetrying, RetryCallState

FIRST_WAIT_S = 0.05
LONGEST_WAIT_S = 5.0
RETRIED = frozenset({408, 409, 429})
"""And every 5xx, as OpenAI's client has it, and what is one but came inside a stream."""
NOT_MENDED = frozenset({"engine_denied"})


def retrying(limit: Deadline, retries: int, least_s: Callable[[float], float]) -> "AsyncRetrying":
    """Calls a coroutine function again, at most `retries` times, where that could mend its error.

    Never when less would remain after the wait than the server's earliest, or than `least_s` of
    it, the network's share. The last error is raised as it is.
    """
    import asyncio

    from tenacity import AsyncRetrying, retry_if_exception

    def enough(state: "RetryCallState") -> bool:
        if state.attempt_number > retries:
            return True
        left = limit.remaining_s() - state.upcoming_sleep
        return left <= max(least_s(left), earliest_s(_error(state)), 0.0)

    return AsyncRetrying(
        retry=retry_if_exception(mendable),
        wait=lambda state: wait_s(_error(state), state.attempt_number),
        stop=enough,
        sleep=asyncio.sleep,
        reraise=True,
    )


def mendable(error: BaseException) -> bool:
    """Whether the same request could succeed a moment later; `x-should-retry` is obeyed."""
    if isinstance(error, DeadlineExceeded | DeadlineInfeasible):
        return False
    if isinstance(error, openai.APIStatusError):
        told = error.response.headers.get("x-should-retry")
        if told in ("true", "false"):
            return told == "true"
        if error.code in NOT_MENDED:
            return False
        server_side = error.status_code >= 500 or isinstance(error, openai.InternalServerError)
        return server_side or error.status_code in RETRIED
    return isinstance(error, openai.APIConnectionError)


def wait_s(error: BaseException | None, attempt: int) -> float:
    """Seconds until the next attempt: what the server said and up to a tenth more, so that not
    everybody comes back at once; else exponential, with full jitter.
    """
    told = _told_s(getattr(error, "response", None))
    if told is not None and told >= 0:
        return told * (1 + random.random() / 10)
    return random.random() * min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(attempt, 16))


def earliest_s(error: BaseException | None) -> float:
    """The least time in which the server could have answered, if it said so."""
    said = header_number(getattr(error, "response", None), "x-quorate-earliest-ms")
    return 0.0 if said is None else said / 1000


def _error(state: "RetryCallState") -> BaseException | None:
    return None if state.outcome is None else state.outcome.exception()


def _told_s(response: Any) -> float | None:
    milliseconds = header_number(response, "retry-after-ms")
    if milliseconds is not None:
        return milliseconds / 1000
    seconds = header_number(response, "retry-after")
    if seconds is not None or response is None:
        return seconds
    date = email.utils.parsedate_tz(response.headers.get("retry-after"))
    return None if date is None else email.utils.mktime_tz(date) - time.time()
