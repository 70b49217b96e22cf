"""The official client, unchanged, against the gateway and a real vLLM."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionUserMessageParam
from pydantic import BaseModel

pytestmark = pytest.mark.engine

QUESTION: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "What is 12+34?"}]


def extra(model: BaseModel) -> dict[str, Any]:
    """What came beyond the fields that OpenAI's types know."""
    return model.model_extra or {}


@pytest.fixture
def client(base_url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{base_url}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_a_plain_completion(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(model="abacus", messages=QUESTION)
    message = completion.choices[0].message
    assert "\\boxed{" in (message.content or "")
    assert "12+34" in extra(message)["reasoning"]
    assert extra(message)["reasoning_content"] == extra(message)["reasoning"]
    assert completion.model == "abacus"
    assert completion.usage is not None
    assert completion.usage.completion_tokens > 0


def test_a_streamed_completion_with_usage(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="abacus", messages=QUESTION, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    told = [c.choices[0].delta for c in chunks if c.choices]
    assert "\\boxed{" in "".join(d.content or "" for d in told)
    assert "".join(getattr(d, "reasoning_content", None) or "" for d in told)
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None


def test_a_stream_without_usage_has_no_chunk_without_choices(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(model="abacus", messages=QUESTION, stream=True)
    assert all(chunk.choices for chunk in stream)


def test_the_stream_helper_accumulates_a_group(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(
        model="abacus:fast", messages=QUESTION, extra_body={"seed": 3}
    ) as stream:
        for _ in stream:
            pass
        completion = stream.get_final_completion()
    assert completion.choices[0].message.content
    assert extra(completion)["consensus"]["sample_counts"]["finished"] >= 2


def test_a_group_through_extra_body(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(
        model="abacus",
        messages=QUESTION,
        extra_body={"consensus": {"max_samples": 8}, "deadline": {"ms": 5000}},
    )
    assert extra(completion)["consensus"]["votes"][0]["count"] >= 3
    assert extra(completion)["deadline"]["met"] is True
    assert completion.usage is not None
    details = completion.usage.completion_tokens_details
    assert details is not None
    assert (details.reasoning_tokens or 0) > 0


def test_response_headers_reach_the_client(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="abacus:n4:json", messages=QUESTION
    )
    assert float(raw.headers["x-quorate-agreement"]) > 0
    assert raw.headers["x-quorate-abstained"] == "false"
    assert raw.request_id
    assert '"answer"' in (raw.parse().choices[0].message.content or "")


async def test_the_async_client_plain_streamed_and_as_a_group(base_url: str) -> None:
    async with openai.AsyncOpenAI(base_url=f"{base_url}/v1", api_key="none") as client:
        plain = await client.chat.completions.create(model="abacus", messages=QUESTION)
        assert plain.choices[0].message.content
        stream = await client.chat.completions.create(
            model="abacus", messages=QUESTION, stream=True, extra_body={"consensus": 4}
        )
        chunks = [chunk async for chunk in stream]
        assert extra(chunks[0])["consensus"]["answer"]
        group = await client.chat.completions.create(
            model="abacus:fast", messages=QUESTION, extra_body={"deadline_ms": 4000}
        )
        assert extra(group)["deadline"]["elapsed_ms"] < 4000


def test_n_choices_pass_through(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(model="abacus", messages=QUESTION, n=3)
    assert [choice.index for choice in completion.choices] == [0, 1, 2]


def test_a_text_completion(client: openai.OpenAI) -> None:
    completion = client.completions.create(model="abacus", prompt="12+34=", max_tokens=8)
    assert completion.object == "text_completion"
    assert completion.usage is not None
    assert completion.usage.completion_tokens <= 8


def test_models_are_listed_and_found(client: openai.OpenAI) -> None:
    ids = [model.id for model in client.models.list()]
    assert {"abacus", "abacus:fast", "abacus:n16"} <= set(ids)
    assert client.models.retrieve("abacus:sure").id == "abacus:sure"


def test_errors_are_openais_own(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        client.chat.completions.create(model="gpt-9", messages=QUESTION)
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as wrong:
        client.chat.completions.create(
            model="abacus", messages=QUESTION, extra_body={"consensus": {"max_samples": 1}}
        )
    assert wrong.value.param == "consensus.max_samples"
    with pytest.raises(openai.BadRequestError) as engine_said:
        client.chat.completions.create(model="abacus", messages=QUESTION, temperature=-3)
    assert engine_said.value.type
    with pytest.raises(openai.BadRequestError) as infeasible:
        client.chat.completions.create(
            model="abacus", messages=QUESTION, extra_body={"deadline": {"ms": 2}}
        )
    assert infeasible.value.code == "deadline_infeasible"


def test_logprobs_tools_and_stop_words_pass_through(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(
        model="abacus",
        messages=QUESTION,
        logprobs=True,
        top_logprobs=2,
        max_tokens=12,
        seed=5,
        extra_body={"top_k": 20},
    )
    logprobs = completion.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content
    assert len(logprobs.content[0].top_logprobs) == 2
