"""Connecting to an engine whose model thinks: what it can do about its thoughts is found out."""

import logging
from pathlib import Path

import pytest

from quorate_sampling.engine import Abilities
from quorate_server.engines.connection import connect
from quorate_server.engines.replica import Replica
from quorate_server.engines.thinking import BUDGET
from quorate_server.engines.vllm import HttpEngine
from tests.server.engines.fake_upstream import (
    Answer,
    Asked,
    FakeResponse,
    FakeUpstream,
    chat_chunk,
    sse,
    told,
    usage_chunk,
)

END = 8
MODEL = "Qwen/Qwen3-8B"
LISTED = {"data": [{"id": MODEL, "max_model_len": 4096}]}


def vllm(*, keeps_budget: bool) -> FakeUpstream:
    """An engine with token ids; `</think>` is token 8."""

    def answer(asked: Asked) -> Answer:
        if asked.path == "/v1/models":
            return told(200, LISTED)
        if asked.path == "/tokenize":
            return told(200, {"tokens": [END] if asked.body["prompt"] == "</think>" else [6, END]})
        if not asked.path.startswith("/v1/") or not asked.body.get("stream"):
            return told(200, {"choices": [{}, {}]})
        cut = keeps_budget and "thinking_token_budget" in asked.body
        ids = [6] * BUDGET + ([END, 5] if cut else [6] * BUDGET)
        first = {**chat_chunk(ids=ids, reasoning="t"), "prompt_token_ids": [1, 2]}
        last = chat_chunk("stop", content="2")
        return FakeResponse().feed(sse(first, last, usage_chunk(2, len(ids))), None)

    return FakeUpstream(answer)


def hosted() -> FakeUpstream:
    """An endpoint without token ids that goes on with a message, and switches no thought off."""

    def answer(asked: Asked) -> Answer:
        if asked.path == "/v1/models":
            return told(200, LISTED)
        if asked.path != "/v1/chat/completions":
            return told(404, {})
        if asked.body.get("stream"):
            return FakeResponse().feed(sse(chat_chunk("stop", reasoning="hm")), None)
        tokens = 6 if asked.body.get("continue_final_message") else 9
        return told(200, {"choices": [{}], "usage": {"prompt_tokens": tokens}})

    return FakeUpstream(answer)


def replica_of(upstream: FakeUpstream) -> Replica:
    engine = HttpEngine(upstream, name="there", abilities=Abilities())
    return Replica(upstream, engine, (), ready=False)


@pytest.mark.parametrize("keeps_budget", [True, False])
async def test_a_thinking_budget_is_used_where_it_is_kept_and_told_where_not(
    keeps_budget: bool, caplog: pytest.LogCaptureFixture
) -> None:
    replica = replica_of(vllm(keeps_budget=keeps_budget))
    with caplog.at_level(logging.INFO):
        await connect(replica)
    assert replica.engine.abilities.token_ids
    assert replica.engine.abilities.thinking_budget is keeps_budget
    assert ("no thinking budget" in caplog.text) is not keeps_budget
    assert replica.closing_in_words(boxed=True) is None


async def test_an_engine_that_comes_back_goes_on_from_its_pace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replica = replica_of(vllm(keeps_budget=False))
    await connect(replica)
    pace = replica.pace
    assert pace.learnt
    await connect(replica)
    assert replica.pace is pace
    monkeypatch.setitem(LISTED, "data", [{"id": "Qwen/Qwen3-0.6B", "max_model_len": 4096}])
    await connect(replica)
    assert replica.pace is not pace, "another model has a pace of its own"


async def test_what_is_kept_of_engines_elsewhere_is_kept_apart(tmp_path: Path) -> None:
    files: list[Path | None] = []
    for address in ("http://a:8000", "http://b:8000", None):
        replica = replica_of(hosted())
        replica.state_dir = tmp_path
        await connect(replica, address=address)
        files.append(replica.pace_file)
    assert len(set(files)) == 3


async def test_an_endpoint_without_token_ids_is_led_on_in_words() -> None:
    replica = replica_of(hosted())
    await connect(replica)
    assert replica.engine.abilities == Abilities(goes_on=True)
    assert await replica.prepared_closing(boxed=True) is None
    closing = replica.closing_in_words(boxed=True)
    assert closing is not None
    assert closing.text is not None
    assert closing.text.turn("hm", closing.opener).said.startswith("<think>\nhm")
