"""What `ask` tries again, and what it raises at once."""

import time
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from quorate import (
    CalibrationMissing,
    DeadlineInfeasible,
    EngineFailed,
    ModelNotFound,
    Overloaded,
)
from tests.sdk.asking import MUCH_S, QUESTION, answering, saying
from tests.sdk.conftest import Connect, Serve
from tests.sdk.said import (
    STREAM,
    error,
    event,
    progress,
)
from tests.sdk.scripted_server import DROP, Call, Step

NOT_MENDED = {
    "bad request": (error("wrong", 400), openai.BadRequestError),
    "no key": (error("invalid_api_key", 401), openai.AuthenticationError),
    "no model": (error("model_not_found", 404), ModelNotFound),
    "unprocessable": (error("wrong", 422), openai.UnprocessableEntityError),
    "infeasible": (
        error("deadline_infeasible", 400, x_quorate_earliest_ms="7000"),
        DeadlineInfeasible,
    ),
    "not calibrated": (error("calibration_missing", 400), CalibrationMissing),
    "said so": (error("overloaded", 503, x_should_retry="false"), Overloaded),
}


@pytest.mark.parametrize(("said", "kind"), NOT_MENDED.values(), ids=NOT_MENDED)
@pytest.mark.parametrize("within", [MUCH_S, None], ids=["deadline", "no deadline"])
def test_what_a_retry_cannot_mend_is_raised_at_once(
    serve: Serve, connect: Connect, said: bytes, kind: type[Exception], within: float | None
) -> None:
    server = serve(saying(said))
    with pytest.raises(kind):
        connect(server).ask(QUESTION, deadline=within)
    assert len(server.asked) == 1


def test_an_infeasible_deadline_says_what_had_been_possible(serve: Serve, connect: Connect) -> None:
    server = serve(saying(error("deadline_infeasible", 400, x_quorate_earliest_ms="7000")))
    with pytest.raises(DeadlineInfeasible) as caught:
        connect(server).ask(QUESTION, deadline=MUCH_S)
    assert caught.value.earliest_ms == 7000
    assert isinstance(caught.value, openai.BadRequestError)


def failing_first(*first: Step) -> Any:
    """A script whose first chat completion goes wrong."""
    asked: list[Call] = []

    def script(call: Call) -> Iterator[Step]:
        asked.append(call)
        yield from first if len(asked) == 1 else answering(call)

    return script


MENDED = {
    "overloaded": (error("overloaded", 503, retry_after_ms="20", x_should_retry="true"),),
    "no engine": (error("engine_unavailable", 503),),
    "rate": (error("rate", 429, retry_after="0"),),
    "dropped": (DROP,),
    "dropped in its stream": (STREAM, event(progress()), DROP),
    "failed in its stream": (STREAM, event({"error": {"message": "x", "code": "group_failed"}})),
}


@pytest.mark.parametrize("first", MENDED.values(), ids=MENDED)
def test_what_a_retry_can_mend_is_tried_again_with_the_time_that_is_left(
    serve: Serve, connect: Connect, first: tuple[Step, ...]
) -> None:
    server = serve(failing_first(*first))
    assert connect(server).ask(QUESTION, deadline=MUCH_S).value == 46
    before, after = (float(call.headers["x-quorate-deadline-ms"]) for call in server.asked)
    assert after < before


def test_an_overloaded_server_says_what_would_be_possible(serve: Serve, connect: Connect) -> None:
    said = error("overloaded", 503, x_quorate_earliest_ms="7000", x_should_retry="false")
    with pytest.raises(Overloaded) as caught:
        connect(serve(saying(said))).ask(QUESTION, deadline=MUCH_S)
    assert caught.value.earliest_ms == 7000
    assert caught.value.retry_after_ms is None


def test_the_servers_wait_is_obeyed(serve: Serve, connect: Connect) -> None:
    server = serve(failing_first(error("overloaded", 503, retry_after_ms="250")))
    began = time.monotonic()
    connect(server).ask(QUESTION, deadline=MUCH_S)
    assert time.monotonic() - began > 0.25


@pytest.mark.parametrize(
    "headers",
    [{"retry_after_ms": "60000"}, {"retry_after_ms": "10", "x_quorate_earliest_ms": "60000"}],
    ids=["wait", "earliest"],
)
def test_there_is_no_waiting_for_what_could_not_be_in_time(
    serve: Serve, connect: Connect, headers: dict[str, str]
) -> None:
    server = serve(saying(error("overloaded", 503, **headers)))
    began = time.monotonic()
    with pytest.raises(Overloaded) as caught:
        connect(server).ask(QUESTION, deadline=3.0)
    assert time.monotonic() - began < 2.0
    assert caught.value.retry_after_ms == float(headers["retry_after_ms"])
    assert isinstance(caught.value, openai.InternalServerError)
    assert len(server.asked) == 1


def test_retries_are_counted(serve: Serve, connect: Connect) -> None:
    server = serve(saying(error("group_failed", 502)))
    with pytest.raises(EngineFailed):
        connect(server, max_retries=3).ask(QUESTION, deadline=MUCH_S)
    assert len(server.asked) == 4
    with pytest.raises(EngineFailed):
        connect(server, max_retries=0).ask(QUESTION, deadline=MUCH_S)
    assert len(server.asked) == 5
