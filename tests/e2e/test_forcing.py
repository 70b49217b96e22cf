"""Forcing an answer on a real engine: what is thought is closed, and what follows is an answer."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from quorate_sampling.engine import Abilities, Delta, Draw, Sample
from quorate_sampling.orders import CloseOrder, Room
from quorate_sampling.pace import Pace
from quorate_sampling.prompt_ids import PromptIds
from quorate_sampling.sampler import SampleRun
from quorate_server.engines.connection import connect
from quorate_server.engines.conversation import Conversation
from quorate_server.engines.replica import Replica
from quorate_server.engines.thinking import with_turns
from quorate_server.engines.vllm import HttpEngine
from quorate_server.http1 import HttpOrigin
from tests.e2e.engine_counters import generated_tokens, running_requests, settled_tokens

pytestmark = [pytest.mark.engine, pytest.mark.timeout(240)]

CHAT = "/v1/chat/completions"
LONG = f"What is {'+'.join(['812-345+67*8-219+36*7+941'] * 4)}?"
"""A line of thought for each of its steps: some seconds on any machine."""
MESSAGES = [{"role": "user", "content": LONG}]
BODY = {"model": "abacus", "messages": MESSAGES}
A_NUMBER = {
    "type": "json_schema",
    "json_schema": {"name": "number", "schema": {"type": "integer", "minimum": 0}},
}
NUMBER = re.compile(r"-?[0-9]+")
TOOLS = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}]


async def answered(base_url: str, **fields: Any) -> dict[str, Any]:
    body = {**BODY, "deadline_ms": 1500, **fields}
    async with httpx.AsyncClient(base_url=base_url, timeout=60) as client:
        # The first of its kind is slower: vLLM compiles what it needs for it.
        (await client.post(CHAT, json={**BODY, **fields, "max_tokens": 4})).raise_for_status()
        response = await client.post(CHAT, json=body)
    told: dict[str, Any] = response.raise_for_status().json()
    return told


async def streamed(base_url: str, **fields: Any) -> list[dict[str, Any]]:
    body = {**BODY, "deadline_ms": 1500, "stream": True, **fields}
    async with (
        httpx.AsyncClient(base_url=base_url, timeout=20) as client,
        client.stream("POST", CHAT, json=body) as response,
    ):
        lines = [line async for line in response.aiter_lines()]
    assert lines.count("data: [DONE]") == 1
    return [json.loads(line[6:]) for line in lines if line.startswith("data: {")]


async def test_a_stream_sees_the_thought_end_and_the_answer_begin(base_url: str) -> None:
    chunks = await streamed(base_url)
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    said = ["r" if d.get("reasoning") else "c" if d.get("content") else "" for d in deltas]
    order = "".join(said)
    assert order.startswith("r")
    assert "c" in order
    assert "cr" not in order
    finished = [c["finish_reason"] for chunk in chunks for c in chunk["choices"]]
    assert len([reason for reason in finished if reason]) == 1
    assert chunks[-1]["deadline"]["forced"] == 1
    assert chunks[-1]["deadline"]["met"]


@pytest.mark.parametrize(
    "grammar",
    [
        {"response_format": A_NUMBER},
        {"structured_outputs": {"regex": "-?[0-9]{1,5}"}},
        {"structured_outputs": {"choice": ["17", "1846"]}},
    ],
    ids=["schema", "regex", "choice"],
)
async def test_a_forced_answer_keeps_to_the_grammar(base_url: str, grammar: dict[str, Any]) -> None:
    whole = await answered(base_url, **grammar)
    assert whole["deadline"]["forced"] == 1
    assert NUMBER.fullmatch(whole["choices"][0]["message"]["content"])
    chunks = await streamed(base_url, **grammar)
    content = "".join(
        choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"]
    )
    assert NUMBER.fullmatch(content)


async def test_text_behind_a_thought_is_never_taken_for_a_call(base_url: str) -> None:
    async with httpx.AsyncClient(base_url=base_url, timeout=20) as client:
        body = {**BODY, "deadline_ms": 1500, "tools": TOOLS, "tool_choice": "none"}
        response = await client.post(CHAT, json=body)
    if response.status_code == 200:
        told = response.json()
        assert "tool_calls" not in told["choices"][0]["message"]
        assert told["deadline"]["met"]
    else:
        assert response.json()["error"]["code"] == "deadline_exceeded"


async def test_log_probabilities_show_the_closer_as_forced(base_url: str) -> None:
    told = await answered(base_url, logprobs=True, top_logprobs=1)
    entries = told["choices"][0]["logprobs"]["content"]
    forced = [index for index, entry in enumerate(entries) if entry.get("forced")]
    assert told["deadline"]["forced"] == 1
    assert forced == list(range(forced[0], forced[-1] + 1))
    assert all(entries[i]["logprob"] == 0.0 for i in forced)
    assert forced[0] > 0
    assert forced[-1] < len(entries) - 1
    drawn = [entry for entry in entries if not entry.get("forced")]
    usage = told["usage"]
    thought_on = usage["completion_tokens_details"]["cancelled_tokens"]
    assert len(drawn) == usage["completion_tokens"] - thought_on
    assert all(entry["bytes"] is not None for entry in drawn)


async def test_each_of_several_choices_is_forced_for_itself(base_url: str) -> None:
    told = await answered(base_url, n=3, seed=3, stop=["}"])
    assert [choice["index"] for choice in told["choices"]] == [0, 1, 2]
    assert told["deadline"]["forced"] == 3
    assert all(choice["message"]["content"] for choice in told["choices"])
    assert len({choice["message"]["reasoning"] for choice in told["choices"]}) > 1


async def test_one_token_is_one_token(base_url: str) -> None:
    told = await answered(base_url, max_tokens=1)
    assert told["usage"]["completion_tokens"] == 1
    assert told["choices"][0]["finish_reason"] == "length"


async def test_a_client_that_leaves_while_being_forced_leaves_nothing_running(
    base_url: str, engine_url: str
) -> None:
    body = {**BODY, "deadline_ms": 2500, "ignore_eos": True, "stream": True, "max_tokens": 8000}

    async def read_to_the_answer() -> None:
        async with (
            httpx.AsyncClient(base_url=base_url, timeout=20) as client,
            client.stream("POST", CHAT, json=body) as response,
        ):
            async for line in response.aiter_lines():
                if '"content":"' in line and '"content":""' not in line:
                    return

    await read_to_the_answer()
    await asyncio.sleep(1.0)
    stopped_at = await asyncio.to_thread(generated_tokens, engine_url)
    await asyncio.sleep(1.0)
    assert await asyncio.to_thread(generated_tokens, engine_url) == stopped_at
    assert await asyncio.to_thread(running_requests, engine_url) == 0


@pytest.fixture
async def replica(engine_url: str) -> AsyncIterator[Replica]:
    upstream = HttpOrigin(engine_url)
    made = HttpEngine(upstream, name="real", abilities=Abilities())
    found = Replica(upstream, made, (), ready=False)
    await connect(found)
    yield found
    await upstream.aclose()


async def sample_of(replica: Replica, sample_id: str, **told: Any) -> Sample:
    draw = told.pop("draw", Draw(sample_id, BODY, seed=1))
    prompt_ids = PromptIds(replica.engine, BODY)
    run = SampleRun(
        replica.engine, draw, 0, prompt_ids=prompt_ids, pace=Pace(), clock=time.monotonic, **told
    )
    await run.run()
    return run.outcome()


async def test_a_thought_closed_from_the_start_is_answered_at_once(replica: Replica) -> None:
    closing = await replica.prepared_closing(boxed=True)
    assert closing is not None
    sample = await sample_of(replica, "from-start", order=CloseOrder(closing, lambda: 24))
    assert (sample.state, sample.reasoning, sample.thought_tokens) == ("finished", "", 0)
    assert sample.forced_by == "ids"
    assert sample.forced_span == (0, len(closing.at_once_ids))
    assert sample.content.startswith("\\boxed{")
    assert sample.content.endswith("}")


async def test_the_engine_itself_ends_a_thought_at_its_budget(replica: Replica) -> None:
    assert replica.engine.abilities.thinking_budget
    closing = await replica.prepared_closing(boxed=False)
    draw = Draw("budget", BODY, seed=1, thinking_tokens=30)
    before = await asyncio.to_thread(settled_tokens, replica.upstream.base_url)
    sample = await sample_of(replica, "budget", draw=draw, closing=closing)
    assert (sample.state, sample.forced_by) == ("finished", "engine")
    assert 25 < (sample.thought_tokens or 0) <= 30
    assert sample.content
    after = await asyncio.to_thread(settled_tokens, replica.upstream.base_url)
    assert after - before == sample.usage.completion_tokens


async def test_a_thought_that_fills_the_context_is_answered_all_the_same(replica: Replica) -> None:
    closing = await replica.prepared_closing(boxed=True)
    assert closing is not None
    prompt = await replica.engine.prompt_ids(BODY)
    context = len(prompt) + 120
    draw = Draw("full", BODY, seed=1, max_tokens=120)
    order = CloseOrder(closing, lambda: 1000)
    sample = await sample_of(
        replica, "full", draw=draw, room=Room(context=context), when_full=order
    )
    assert (sample.state, sample.forced_by) == ("finished", "ids")
    assert 0 < (sample.thought_tokens or 0) < 120
    assert len(prompt) + len(sample.token_ids) <= context
    assert sample.content.startswith("\\boxed{")
    assert sample.content.endswith("}")


@pytest.mark.parametrize("goes_on", [True, False], ids=["goes_on", "asked_again"])
async def test_without_token_ids_a_thought_is_closed_in_words(
    replica: Replica, goes_on: bool
) -> None:
    conversation = Conversation(replica.upstream, ())
    able = await with_turns(conversation, "abacus", Abilities(exact_usage=True))
    assert able == Abilities(exact_usage=True, goes_on=True, thinking_off=True)
    replica.engine = HttpEngine(
        replica.upstream,
        name="poor",
        abilities=replace(able, goes_on=goes_on),
        closing=replica.engine.closing,
    )
    closing = replica.closing_in_words(boxed=True)
    assert closing is not None
    thinking = asyncio.Event()

    def see(_: int, piece: Delta) -> None:
        if piece.reasoning:
            thinking.set()

    run = SampleRun(
        replica.engine,
        Draw(f"words-{goes_on}", BODY, seed=1),
        0,
        prompt_ids=PromptIds(replica.engine, BODY),
        pace=Pace(),
        clock=time.monotonic,
        on_delta=see,
    )
    running = asyncio.create_task(run.run())
    await thinking.wait()
    await run.close_thought(CloseOrder(closing, lambda: 40))
    await running
    sample = run.outcome()
    assert (sample.state, sample.forced_by) == ("finished", "text")
    assert sample.reasoning
    assert "\\boxed{" in sample.content
