"""Code as a user of the SDK writes it, for type checkers: every name here has to have its type."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, assert_type

from openai.types.chat import ChatCompletion

from quorate import (
    Answer,
    AsyncQuorate,
    Cost,
    Deadline,
    DeadlineExceeded,
    FieldAnswer,
    LabelScore,
    LowConfidence,
    Overloaded,
    Quorate,
    Timings,
    Vote,
    current_deadline,
    deadline,
    expired,
)


def ask(client: Quorate) -> None:
    answer = client.ask("What is 12+34?", samples=16, deadline=3.5, on_expiry="partial")
    assert_type(answer, Answer)
    assert_type(answer.text, str | None)
    assert_type(answer.confidence, float | None)
    assert_type(answer.votes, tuple[Vote, ...])
    assert_type(answer.votes[0].count, int)
    assert_type(answer.cost, Cost)
    assert_type(answer.cost.usd, float | None)
    assert_type(answer.timings, Timings)
    assert_type(answer.fields, Mapping[str, FieldAnswer] | None)
    assert_type(answer.labels, tuple[LabelScore, ...] | None)
    assert_type(answer.completion, ChatCompletion | None)
    assert_type(answer.partial, bool)
    answer.feedback(correct=True)
    client.feedback(answer, expected="46")


def ask_otherwise(client: Quorate) -> None:
    client.ask(messages=[{"role": "user", "content": "Hello"}], answer_type={"labels": ["a", "b"]})
    client.ask("What?", early_stop={"rule": "margin"}, consensus={"content": "json"})
    client.ask("What?", samples="many")  # type: ignore[arg-type]  # to be noticed
    client.ask("What?", sample=3)  # type: ignore[call-arg]  # to be noticed
    client.ask("What?", on_expiry="shrug")  # type: ignore[arg-type]  # to be noticed


def call_in_time(client: Quorate) -> None:
    timed = client.with_deadline(3.5)
    assert_type(timed, Quorate)
    completion = timed.chat.completions.create(model="m", messages=[])
    assert_type(completion, ChatCompletion)
    stream = timed.chat.completions.create(model="m", messages=[], stream=True)
    assert_type(expired(stream), bool)
    with deadline(3.5) as limit:
        assert_type(limit, Deadline)
        assert_type(limit.remaining_s(), float)
        assert_type(current_deadline(), Deadline | None)


def go_wrong(client: Quorate) -> Any:
    try:
        return client.ask("What?", min_confidence=0.9)
    except LowConfidence as error:
        assert_type(error.answer, Answer)
    except DeadlineExceeded as error:
        assert_type(error.partial, Answer | None)
    except Overloaded as error:
        assert_type(error.retry_after_ms, float | None)


def ask_many(client: Quorate) -> None:
    assert_type(client.ask_many(["a"], samples=4), Iterator[Answer | Exception])
    assert_type(client.ask_many(["a"], return_exceptions=False), Iterator[Answer])


async def ask_asynchronously(client: AsyncQuorate) -> None:
    assert_type(await client.ask("What?", samples=16), Answer)
    assert_type(client.with_deadline(3.5), AsyncQuorate)
    assert_type(client.ask_many(["a"]), AsyncIterator[Answer | Exception])
    assert_type(client.ask_many(["a"], return_exceptions=False), AsyncIterator[Answer])
    await client.feedback("chatcmpl-q-1", correct=False)
