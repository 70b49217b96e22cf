"""The simulated engine as Quorate meets it: through Quorate's own client."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from benchmarks.simulated.asked import CONTEXT_TOKENS
from benchmarks.simulated.reasoner import Question
from benchmarks.simulated.server import CHAT_PATH, COMPLETIONS_PATH, MODEL
from quorate_sampling.engine import Abilities
from quorate_server.engines.probe import probe
from quorate_server.http1 import HttpOrigin
from tests.benchmarks.simulated.serving import simulated_engine

ASKED = [{"role": "user", "content": Question(3).text}]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with simulated_engine() as served:
        yield served


@pytest.fixture
async def client(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, timeout=20) as made:
        yield made


def body(**fields: Any) -> dict[str, Any]:
    return {"model": MODEL, "messages": ASKED, "seed": 1, **fields}


async def running(client: httpx.AsyncClient) -> int:
    lines = (await client.get("/metrics")).text.splitlines()
    return sum(int(line.rpartition(" ")[2]) for line in lines if "num_requests" in line)


async def test_quorate_finds_all_that_vllm_can_do(url: str) -> None:
    upstream = HttpOrigin(url)
    try:
        facts = await probe(upstream, ())
    finally:
        await upstream.aclose()
    able: Abilities = facts.abilities
    assert facts.model_ids == (MODEL,)
    assert able.token_ids
    assert able.abort_by_id
    assert able.exact_usage
    assert able.stream_interval
    assert able.n


async def test_a_stream_says_what_the_whole_answer_says(client: httpx.AsyncClient) -> None:
    asked = body(max_tokens=40, return_token_ids=True)
    whole = (await client.post(CHAT_PATH, json=asked)).json()
    streaming = {"stream": True, "stream_interval": 16, "stream_options": {"include_usage": True}}
    stream = (await client.post(CHAT_PATH, json=asked | streaming)).text
    assert stream.endswith("data: [DONE]\n\n")
    chunks = [httpx.Response(200, text=line[6:]).json() for line in stream.split("\n\n")[:-2]]
    choices = [chunk["choices"][0] for chunk in chunks if chunk["choices"]]
    told = [len(choice["token_ids"]) for choice in choices if "token_ids" in choice]
    ids = [i for choice in choices for i in choice.get("token_ids", ())]
    assert told == [1, 16, 16, 7]
    assert ids == whole["choices"][0]["token_ids"]
    assert chunks[0]["prompt_token_ids"]
    assert chunks[-1]["usage"] == whole["usage"]
    assert whole["choices"][0]["finish_reason"] == choices[-1]["finish_reason"] == "length"


async def test_a_thought_goes_on_from_token_ids_and_answers(client: httpx.AsyncClient) -> None:
    first = (await client.post(CHAT_PATH, json=body(max_tokens=20, return_token_ids=True))).json()
    prompt = (await client.post("/tokenize", json=body())).json()["tokens"]
    closer = "\n</think>\n\n**Final Answer**\n\\boxed{"
    closing = (await client.post("/tokenize", json={"prompt": closer})).json()["tokens"]
    ids = prompt + first["choices"][0]["token_ids"] + closing
    on = {"model": MODEL, "prompt": ids, "max_tokens": 24}
    answer = (await client.post(COMPLETIONS_PATH, json=on)).json()["choices"][0]
    assert answer["text"].rstrip("}").isdigit()
    assert answer["finish_reason"] == "stop"


async def test_reasoning_and_answer_come_apart(client: httpx.AsyncClient) -> None:
    answer = (await client.post(CHAT_PATH, json=body(thinking_token_budget=8))).json()
    message = answer["choices"][0]["message"]
    assert "\\boxed{" in message["content"]
    assert "boxed" not in message["reasoning"]
    assert len(message["reasoning"].split()) == 8


async def test_several_choices_are_several_samples(client: httpx.AsyncClient) -> None:
    answer = (await client.post(CHAT_PATH, json=body(n=3, max_tokens=9))).json()
    assert len({choice["message"]["reasoning"] for choice in answer["choices"]}) == 3
    assert answer["usage"]["completion_tokens"] == 27


async def test_an_abort_by_id_ends_the_stream_with_its_usage(client: httpx.AsyncClient) -> None:
    options = {"stream": True, "stream_options": {"include_usage": True}, "ignore_eos": True}
    headers = {"x-request-id": "abc"}
    asked = body(max_tokens=5000, **options)
    async with client.stream("POST", CHAT_PATH, json=asked, headers=headers) as response:
        lines = response.aiter_lines()
        await anext(lines)
        named = {"request_ids": ["chatcmpl-abc", "unknown"]}
        await client.post("/inference/v1/abort_requests", json=named)
        rest = [line async for line in lines]
    assert any('"finish_reason":"abort"' in line for line in rest)
    assert any('"completion_tokens"' in line for line in rest)
    assert await running(client) == 0


async def test_a_client_that_leaves_ends_its_generation(client: httpx.AsyncClient) -> None:
    asked = body(max_tokens=5000, ignore_eos=True)
    for stream in (True, False):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.post(CHAT_PATH, json=asked | {"stream": stream})
    async with asyncio.timeout(2):
        while await running(client):
            pass


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (CHAT_PATH, {"messages": []}),
        (CHAT_PATH, {"messages": ASKED, "max_tokens": -1}),
        (CHAT_PATH, {"messages": ASKED, "n": 0}),
        (CHAT_PATH, {"messages": [{"role": "user", "content": "a " * CONTEXT_TOKENS}]}),
        (COMPLETIONS_PATH, {"prompt": []}),
        (COMPLETIONS_PATH, {"prompt": [10**9]}),
        (COMPLETIONS_PATH, {"prompt": [-1]}),
        (COMPLETIONS_PATH, {"prompt": {"not": "text"}}),
    ],
)
async def test_what_vllm_refuses_is_refused(
    client: httpx.AsyncClient, path: str, fields: dict[str, Any]
) -> None:
    response = await client.post(path, json={"model": MODEL, **fields})
    assert response.status_code == 400
    assert response.json()["error"]["message"]


async def test_what_is_not_json_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.post(CHAT_PATH, content=b"{")).status_code == 400
    assert (await client.get("/nothing")).status_code == 404
