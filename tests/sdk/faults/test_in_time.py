"""Whatever a server does, a call is over by its deadline: with an answer, or an error of the tree.

Tests share their machine with others, so that `GRACE_S` is long; `benchmarks.sdk` holds 50 ms.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from json import JSONDecodeError

import pytest
from openai import OpenAIError
from openai.types.chat import ChatCompletionUserMessageParam

from benchmarks.sdk import Storm, in_a_batch, in_a_loop, in_part, in_threads
from quorate import Answer, AsyncQuorate, DeadlineExceeded, Quorate, QuorateError, expired
from tests.sdk.faults.facing import blackhole, nobody, process
from tests.sdk.faults.hostile import Hostile
from tests.sdk.faults.mistreating import FAULTS, Fault, comments, dripped_body, mute, stalled_body
from tests.sdk.faults.wire import ANSWER, MODEL

DEADLINE_S = 0.2
GRACE_S = 0.5
QUESTION = "What is 2+2?"
MESSAGES: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": QUESTION}]

Way = Callable[[str], Awaitable[object]]


async def outcome_of(call: Awaitable[object]) -> object:
    """What a call came to, in time: an answer, or an error that its caller can foresee."""
    began_at = time.monotonic()
    outcome: object
    try:
        outcome = await call
    except (QuorateError, OpenAIError, JSONDecodeError) as error:
        outcome = error
    assert time.monotonic() - began_at < DEADLINE_S + GRACE_S
    return outcome


async def ask(url: str) -> object:
    async with AsyncQuorate(base_url=url, model=MODEL) as client:
        return await outcome_of(client.ask(QUESTION, deadline=DEADLINE_S))


async def ask_whichever_model(url: str) -> object:
    async with AsyncQuorate(base_url=url) as client:
        return await outcome_of(client.ask(QUESTION, deadline=DEADLINE_S))


async def ask_in_a_thread(url: str) -> object:
    with Quorate(base_url=url, model=MODEL) as client:
        return await outcome_of(asyncio.to_thread(client.ask, QUESTION, deadline=DEADLINE_S))


async def complete(url: str) -> object:
    async with AsyncQuorate(base_url=url).with_deadline(DEADLINE_S) as client:
        return await outcome_of(client.chat.completions.create(model=MODEL, messages=MESSAGES))


async def complete_in_a_thread(url: str) -> object:
    with Quorate(base_url=url).with_deadline(DEADLINE_S) as client:
        create = client.chat.completions.create
        return await outcome_of(asyncio.to_thread(create, model=MODEL, messages=MESSAGES))


async def stream(url: str) -> object:
    async with AsyncQuorate(base_url=url).with_deadline(DEADLINE_S) as client:

        async def chunks() -> object:
            create = client.chat.completions.create
            return [
                each async for each in await create(model=MODEL, messages=MESSAGES, stream=True)
            ]

        return await outcome_of(chunks())


async def stream_in_a_thread(url: str) -> object:
    with Quorate(base_url=url).with_deadline(DEADLINE_S) as client:

        def chunks() -> object:
            return list(client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True))

        return await outcome_of(asyncio.to_thread(chunks))


FORESEEN = {
    *("answer", "partial answer", "DeadlineExceeded", "UnreadableAnswer", "Overloaded"),
    *("EngineFailed", "APIConnectionError", "InternalServerError"),
}
"""What may come of a question to the hostile server."""
ASKING = (ask, ask_whichever_model, ask_in_a_thread)
WAYS = (*ASKING, complete, complete_in_a_thread, stream, stream_in_a_thread)
LEFT_TO_OPENAI = {"broken_json", "other_shape", "not_an_object", "comments", "content_too_long"}
"""Nonsense that OpenAI's client takes for an answer, or for an end."""


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_every_fault_is_over_by_the_deadline(way: Way) -> None:
    answered = set()
    for name, fault in FAULTS.items():
        async with Hostile([fault], good=0.0).serve() as port:
            outcome = await way(f"http://127.0.0.1:{port}/v1")
        if not isinstance(outcome, QuorateError | OpenAIError):
            answered.add(name)
    assert answered <= (set() if way in ASKING else LEFT_TO_OPENAI)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_nobody_and_a_blackhole_are_over_by_the_deadline(way: Way) -> None:
    with nobody() as url:
        assert isinstance(await way(url), OpenAIError)
    with blackhole() as url:
        assert isinstance(await way(url), DeadlineExceeded)


@pytest.mark.parametrize("fault", [mute, dripped_body, comments], ids=lambda f: f.__name__)
async def test_a_server_that_never_answers_is_a_deadline_exceeded(fault: Fault) -> None:
    async with Hostile([fault], good=0.0).serve() as port:
        outcome = await ask(f"http://127.0.0.1:{port}/v1")
    assert isinstance(outcome, DeadlineExceeded)
    assert outcome.partial is None


async def test_votes_that_came_before_a_stall_are_the_partial_answer() -> None:
    async with (
        Hostile([stalled_body], good=0.0).serve() as port,
        AsyncQuorate(base_url=f"http://127.0.0.1:{port}/v1", model=MODEL) as client,
    ):
        call = client.ask(QUESTION, deadline=DEADLINE_S, on_expiry="partial")
        outcome = await outcome_of(call)
    assert isinstance(outcome, Answer)
    assert outcome.partial
    assert outcome.text == ANSWER
    assert outcome.votes[0].count == 2
    assert (outcome.confidence, outcome.abstained) == (None, False)


async def test_a_stream_that_drips_ends_cleanly_where_that_is_wanted() -> None:
    async with (
        Hostile([comments], good=0.0).serve() as port,
        AsyncQuorate(base_url=f"http://127.0.0.1:{port}/v1") as client,
    ):
        limited = client.with_deadline(DEADLINE_S, on_expiry="partial")
        began_at = time.monotonic()
        chunks = await limited.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True)
        assert [chunk async for chunk in chunks] == []
        assert time.monotonic() - began_at < DEADLINE_S + GRACE_S
        assert expired(chunks)


@pytest.mark.parametrize("storm", [in_a_loop, in_part, in_threads, in_a_batch])
def test_two_hundred_calls_at_once_are_each_over_by_the_deadline(
    storm: Callable[[str, int, float], Storm],
) -> None:
    """The best of five: a busy machine makes anybody late."""
    latest: list[float] = []
    while len(latest) < 5 and not (latest and min(latest) < 1.05):
        with process("--seed", "1") as url:
            waited = storm(url, 200, 1.0)
        assert waited.outcomes.total() == 200
        assert waited.outcomes["answer"] > 0
        assert waited.outcomes.keys() <= FORESEEN
        latest.append(waited.quantile_s(1.0))
    assert min(latest) < 1.05
