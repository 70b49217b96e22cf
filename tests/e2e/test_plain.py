"""Plain requests: what the engine gives, but for the closed list of changes."""

import json
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.engine

CHAT = "/v1/chat/completions"
REQUEST: dict[str, Any] = {
    "model": "abacus",
    "messages": [{"role": "user", "content": "What is 31+7*8?"}],
    "seed": 1234,
    "temperature": 1.0,
    "max_tokens": 200,
}
MADE_ANEW = {"id", "created", "x-request-id"}


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {k: v for k, v in body.items() if k not in MADE_ANEW and k not in names}


def test_a_unary_answer_is_the_engines_own_with_the_reasoning_mirrored(
    base_url: str, engine_url: str
) -> None:
    extras = {"logprobs": True, "top_logprobs": 1, "return_token_ids": True, "n": 2}
    through = httpx.post(base_url + CHAT, json={**REQUEST, **extras}, timeout=60).json()
    direct = httpx.post(engine_url + CHAT, json={**REQUEST, **extras}, timeout=60).json()
    for choice in through["choices"]:
        assert choice["message"].pop("reasoning_content") == choice["message"]["reasoning"]
    assert without(through) == without(direct)


@pytest.mark.parametrize("include_usage", [True, False])
def test_a_stream_is_the_engines_own(base_url: str, engine_url: str, include_usage: bool) -> None:
    body = {**REQUEST, "stream": True, "stream_options": {"include_usage": include_usage}}

    def chunks(url: str) -> list[dict[str, Any]]:
        text = httpx.post(url + CHAT, json=body, timeout=60).text
        lines = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
        assert lines[-1] == "[DONE]"
        return [json.loads(line) for line in lines[:-1]]

    def spoken(chunks: list[dict[str, Any]]) -> list[Any]:
        told = []
        for chunk in chunks:
            for choice in chunk["choices"]:
                choice["delta"].pop("reasoning_content", None)
            # vLLM puts its fingerprint on the last chunk, which is ours to take out when it is the
            # usage that the client did not ask for.
            told.append(without(chunk, "usage", "system_fingerprint"))
        return told

    through, direct = chunks(base_url), chunks(engine_url)
    for chunk in through:
        for choice in chunk["choices"]:
            assert choice["delta"].get("reasoning_content") == choice["delta"].get("reasoning")
    assert bool(through[-1]["choices"]) != include_usage
    if include_usage:
        assert through[-1]["usage"] == direct[-1]["usage"]
        assert all(chunk["usage"] is None for chunk in through[:-1])
    text = [
        "".join(c["choices"][0]["delta"].get(key) or "" for c in side if c["choices"])
        for side in (through, direct)
        for key in ("reasoning", "content")
    ]
    assert text[:2] == text[2:]
    assert set(map(str, map(dict.keys, spoken(through)))) == set(
        map(str, map(dict.keys, spoken(direct)))
    )


def test_a_field_that_only_vllm_knows_reaches_it(base_url: str) -> None:
    body = {**REQUEST, "min_tokens": 90, "max_tokens": 90, "ignore_eos": True}
    usage = httpx.post(base_url + CHAT, json=body, timeout=60).json()["usage"]
    assert usage["completion_tokens"] == 90
