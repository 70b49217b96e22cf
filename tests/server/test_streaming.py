from typing import Any

from quorate_sampling.engine import Sample
from quorate_server.streaming import PIECE_CHARS, sample_chunks
from tests.sampling.scripted import ScriptedEngine
from tests.server.scripted_gateway import chat, events, gateway, quick

CHAT = "/v1/chat/completions"


def test_a_samples_chunks_are_the_sample() -> None:
    call = {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}
    logprobs = tuple({"token": str(i), "logprob": -0.1} for i in range(1000))
    sample = Sample(
        0,
        "finished",
        reasoning="t" * 2 * PIECE_CHARS,
        content="a" * 3 * PIECE_CHARS,
        logprobs=logprobs,
        tool_calls=(call,),
    )
    deltas = list(sample_chunks(sample))
    assert "".join(d.reasoning for d in deltas) == sample.reasoning
    assert "".join(d.content for d in deltas) == sample.content
    assert tuple(entry for d in deltas for entry in d.logprobs) == logprobs
    assert [entry for d in deltas for entry in d.tool_calls] == [call]


def test_log_probabilities_without_content_are_told_too() -> None:
    sample = Sample(0, "finished", reasoning="t", logprobs=({"token": "t", "logprob": -0.1},))
    assert [d.logprobs for d in sample_chunks(sample)][-1] == sample.logprobs


async def usage_chunks(**fields: Any) -> list[Any]:
    """The last two chunks of a stream that was asked for its usage."""
    async with gateway(ScriptedEngine([quick()])) as client:
        asked = chat(stream=True, stream_options={"include_usage": True}, **fields)
        response = await client.post(CHAT, json=asked)
    *_, before, last, done = events(response)
    assert done == "[DONE]"
    return [before, last]


async def test_usage_is_null_in_the_chunk_before_the_usage_chunk() -> None:
    for fields in ({"consensus": 2}, {"deadline_ms": 5000}):
        before, last = await usage_chunks(**fields)
        assert before["choices"]
        assert "usage" in before
        assert before["usage"] is None
        assert last["choices"] == []
        assert last["usage"]["completion_tokens"] > 0
