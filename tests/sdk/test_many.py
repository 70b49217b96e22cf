"""`ask_many`, of both clients."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from quorate import Answer, AsyncQuorate, DeadlineExceeded, Quorate, deadline
from tests.sdk.conftest import Connect, Serve
from tests.sdk.said import completion, error, whole
from tests.sdk.scripted_server import STALL, Call, Step


def echoing(call: Call) -> Iterator[Step]:
    """Answers with the question; some questions are not liked."""
    question = call.body["messages"][-1]["content"]
    if "bad" in question:
        yield error("wrong", 400)
    if "stall" in question:
        yield STALL
    if "slow" in question:
        yield 0.1
    told = {"answer": question, "answer_type": "text", "confidence": 0.5}
    if call.body.get("stream"):
        from tests.sdk.said import decided, stream

        yield from stream(*decided(**told))
    else:
        yield whole(completion(consensus=told))


def values(answers: list[Any]) -> list[Any]:
    return [each.value if isinstance(each, Answer) else type(each).__name__ for each in answers]


def test_answers_come_in_the_questions_order(serve: Serve, connect: Connect) -> None:
    questions = ["slow 0", "1", "2", "slow 3", *map(str, range(4, 40))]
    client = connect(serve(echoing))
    assert values(client.ask_many(questions, concurrency=4)) == questions
    assert values(client.ask_many(iter(questions), concurrency=4, deadline=5.0)) == questions
    assert client.ask_many([]) == []


def test_one_bad_question_does_not_end_the_batch(serve: Serve, connect: Connect) -> None:
    answers = connect(serve(echoing)).ask_many(["1", "bad", "stall", "2"], deadline=0.5)
    assert values(answers) == ["1", "BadRequestError", "DeadlineExceeded", "2"]


def test_or_ends_it_if_that_is_wanted(serve: Serve, connect: Connect) -> None:
    client = connect(serve(echoing))
    with pytest.raises(DeadlineExceeded):
        client.ask_many(["1", "stall", "2"], deadline=0.4, return_exceptions=False)
    assert values(client.ask_many(["1", "2"], return_exceptions=False)) == ["1", "2"]


def test_no_more_than_so_many_are_asked_at_a_time(serve: Serve, connect: Connect) -> None:
    server = serve(lambda call: echoing(call))
    began = time.monotonic()
    connect(server).ask_many(["slow"] * 12, concurrency=3)
    assert time.monotonic() - began > 0.4
    assert server.connections <= 3


def test_a_deadline_is_each_questions_own(serve: Serve, connect: Connect) -> None:
    answers = connect(serve(echoing)).ask_many(["slow"] * 12, concurrency=2, deadline=0.5)
    assert values(answers) == ["slow"] * 12


def test_a_scope_bounds_the_whole_batch(serve: Serve, connect: Connect) -> None:
    client = connect(serve(echoing))
    began = time.monotonic()
    with deadline(0.5):
        answers = client.ask_many(["stall"] * 10, concurrency=2, deadline=30.0)
    assert values(answers) == ["DeadlineExceeded"] * 10
    assert time.monotonic() - began < 2.0


@pytest.mark.parametrize("concurrency", [0, -1])
def test_nobody_at_all_cannot_ask(serve: Serve, connect: Connect, concurrency: int) -> None:
    with pytest.raises(ValueError, match="concurrency"):
        connect(serve(echoing)).ask_many(["1"], concurrency=concurrency)


def test_what_the_questions_raise_is_raised_after_the_answers_before_it(
    serve: Serve, connect: Connect
) -> None:
    def questions() -> Iterator[str]:
        yield "1"
        raise KeyError("no more")

    with pytest.raises(KeyError):
        connect(serve(echoing)).ask_many(questions())


def test_a_progress_bar_on_stderr(
    serve: Serve, connect: Connect, capsys: pytest.CaptureFixture[str]
) -> None:
    client = connect(serve(echoing))
    client.ask_many(["1", "2", "bad"], progress=True)
    told = capsys.readouterr()
    assert "3/3" in told.err
    assert told.out == ""
    client.ask_many(["1"])
    assert capsys.readouterr().err == ""


def test_leaving_early_ends_what_is_being_asked(serve: Serve, no_thread_left: None) -> None:
    server = serve(echoing)
    with Quorate(base_url=server.url, model="abacus") as client:
        for answer in client.ask_many(["1", *["stall"] * 50], concurrency=4):
            assert isinstance(answer, Answer)
            break
        else:
            raise AssertionError("it asked nothing")
    assert len(server.calls) < 51


def test_the_questions_of_a_synchronous_batch_may_ask_themselves(serve: Serve) -> None:
    with Quorate(base_url=serve(echoing).url, model="abacus") as client:

        def questions() -> Iterator[str]:
            for number in range(3):
                yield client.ask(str(number), deadline=5.0).value

        assert values(list(client.ask_many(questions(), deadline=5.0))) == ["0", "1", "2"]


async def test_questions_may_come_asynchronously_and_late(serve: Serve) -> None:
    first = asyncio.Event()

    async def questions() -> AsyncIterator[str]:
        yield "1"
        await first.wait()
        yield "2"

    async with AsyncQuorate(base_url=serve(echoing).url, model="abacus") as client:
        seen = []
        async for answer in client.ask_many(questions(), return_exceptions=False):
            seen.append(answer.value)
            first.set()
    assert seen == ["1", "2"]


async def test_a_batch_that_is_left_leaves_no_task(serve: Serve) -> None:
    before = asyncio.all_tasks()
    async with AsyncQuorate(base_url=serve(echoing).url, model="abacus") as client:
        answers = client.ask_many(["1", *["stall"] * 50], concurrency=4)
        assert isinstance(await anext(answers), Answer)
        await answers.aclose()  # type: ignore[attr-defined]  # an async generator has it
    assert asyncio.all_tasks() == before
