"""The SDK against the gateway and a real vLLM."""

import asyncio
import time
from collections.abc import Iterator

import openai
import pytest

from quorate import (
    Answer,
    AsyncQuorate,
    DeadlineExceeded,
    DeadlineInfeasible,
    LowConfidence,
    ModelNotFound,
    Quorate,
    deadline,
)

pytestmark = pytest.mark.engine

EASY = "What is 12+34?"
HARD = "What is 812-345+67*8-219*3+45*12-96?"


@pytest.fixture
def client(base_url: str) -> Iterator[Quorate]:
    with Quorate(base_url=f"{base_url}/v1") as client:
        yield client


def test_a_question_is_answered_in_time_with_its_votes_and_its_bill(client: Quorate) -> None:
    answer = client.ask(EASY, samples=8, deadline=5.0)
    assert answer.value == 46
    assert answer.votes[0].count >= 2
    assert answer.agreement is not None
    assert answer.confidence is not None or answer.confidence_reason
    assert (answer.abstained, answer.partial) == (False, False)
    assert answer.cost.completion_tokens > 0
    assert answer.timings.met is True
    assert answer.timings.server_ms is not None
    assert answer.timings.server_ms <= answer.timings.client_ms < 5000
    assert answer.completion is not None
    assert "\\boxed{46}" in (answer.completion.choices[0].message.content or "")


def test_without_a_deadline_it_is_the_same_answer(client: Quorate) -> None:
    answer = client.ask(EASY, samples=4)
    assert (answer.value, answer.timings.budget_ms, answer.timings.met) == (46, None, None)


def test_a_short_deadline_shapes_the_answer(client: Quorate) -> None:
    client.ask(EASY, samples=2, deadline=5.0)
    with deadline(1.0):
        began = time.monotonic()
        answer = client.ask(HARD, samples=8)
        assert time.monotonic() - began < 1.05
    assert answer.timings.met is True


def test_a_plain_call_within_a_budget(client: Quorate) -> None:
    completion = client.with_deadline(3.0).chat.completions.create(
        model="abacus", messages=[{"role": "user", "content": HARD}]
    )
    told = (completion.model_extra or {})["deadline"]
    assert told["met"] is True
    assert told["budget_ms"] < 3000


def test_a_budget_that_is_no_budget_is_refused_as_such(client: Quorate) -> None:
    client.ask(EASY, samples=2, deadline=5.0)
    began = time.monotonic()
    with pytest.raises((DeadlineInfeasible, DeadlineExceeded)):
        client.ask(EASY, samples=8, deadline=0.03)
    assert time.monotonic() - began < 0.08


def test_a_batch_comes_in_order(client: Quorate) -> None:
    questions = [f"What is {number}+1?" for number in range(10, 22)]
    answers = list(client.ask_many(questions, samples=3, deadline=20.0, concurrency=6))
    assert [isinstance(answer, Answer) and answer.value for answer in answers] == list(
        range(11, 23)
    )


def test_errors_are_typed(client: Quorate) -> None:
    with pytest.raises(ModelNotFound):
        client.ask(EASY, model="gpt-9", deadline=5.0)
    with pytest.raises(openai.BadRequestError) as wrong:
        client.ask(EASY, samples=1, deadline=5.0)
    assert wrong.value.param == "consensus.max_samples"


def test_a_confidence_that_is_not_reached_is_raised_with_its_votes(client: Quorate) -> None:
    with pytest.raises(LowConfidence) as low:
        client.ask(HARD, samples=4, min_confidence=0.999, deadline=20.0)
    assert low.value.answer.votes


def test_feedback_is_taken(client: Quorate) -> None:
    answer = client.ask(EASY, samples=3, deadline=5.0)
    answer.feedback(correct=True)
    with pytest.raises(openai.APIStatusError):
        client.feedback("chatcmpl-unknown", correct=True)


async def test_the_asynchronous_client_does_the_same(base_url: str) -> None:
    async with AsyncQuorate(base_url=f"{base_url}/v1") as client:
        answers = await asyncio.gather(
            *(client.ask(f"What is {n}+1?", samples=3, deadline=20.0) for n in range(10, 16))
        )
        assert [answer.value for answer in answers] == list(range(11, 17))
        await client.feedback(answers[0], expected=11)
        many = [a async for a in client.ask_many([EASY] * 3, samples=2, return_exceptions=False)]
        assert [answer.value for answer in many] == [46, 46, 46]
