"""OpenAI's own client with its own `timeout=`, against a server that takes it for a deadline."""

import asyncio
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionUserMessageParam

from tests.e2e.served import Served, serving

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

LONG: list[ChatCompletionUserMessageParam] = [
    {"role": "user", "content": "What is 812-345+67*8-219+36*7+941-58*6+77*9-603+418?"}
]
TIMEOUT_S = 2.0
BUDGET_MS = 1940
"""The timeout less 3 % for the network."""


@pytest.fixture(scope="module")
def trusting(engine_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gateway that trusts its clients' timeouts, before the engine that everybody shares."""
    folder = tmp_path_factory.mktemp("trusting")
    with serving(folder, "--engine", engine_url, "--trust-client-timeout") as server:
        server.wait_until_ready(60)
        yield server


def told(completion: ChatCompletion) -> dict[str, Any]:
    """What the response says of its deadline; nothing where it had none."""
    told: dict[str, Any] = (completion.model_extra or {}).get("deadline") or {}
    return told


async def test_more_requests_than_fit_get_an_answer_within_the_clients_timeout(
    trusting: Served,
) -> None:
    async with openai.AsyncOpenAI(
        base_url=f"{trusting.base_url}/v1", api_key="none", timeout=TIMEOUT_S, max_retries=0
    ) as client:
        await client.chat.completions.create(model="abacus", messages=LONG)
        drawn = await asyncio.gather(
            *(
                client.chat.completions.create(model="abacus", messages=LONG, seed=seed)
                for seed in range(8)
            )
        )
    assert all(completion.choices[0].message.content for completion in drawn)
    assert {told(completion)["budget_ms"] for completion in drawn} == {BUDGET_MS}
    assert all(told(completion)["met"] for completion in drawn)


async def test_a_timeout_of_one_request_counts_before_the_clients(trusting: Served) -> None:
    async with openai.AsyncOpenAI(
        base_url=f"{trusting.base_url}/v1", api_key="none", timeout=60.0, max_retries=0
    ) as client:
        completion = await client.chat.completions.create(
            model="abacus", messages=LONG, timeout=TIMEOUT_S
        )
    assert told(completion)["budget_ms"] == BUDGET_MS


async def test_a_client_that_chose_no_timeout_asks_a_plain_question(trusting: Served) -> None:
    async with openai.AsyncOpenAI(
        base_url=f"{trusting.base_url}/v1", api_key="none", max_retries=0
    ) as client:
        completion = await client.chat.completions.create(model="abacus", messages=LONG)
    assert not told(completion)
    assert completion.choices[0].message.content
