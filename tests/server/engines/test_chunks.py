import pytest

from quorate_sampling.engine import Delta, EngineUsage
from quorate_server.engines.chunks import chat_delta, text_delta
from quorate_server.errors import EngineFailed


def test_the_first_chunk_of_a_chat_brings_the_prompts_ids() -> None:
    data = (
        b'{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"role":"assistant","content":""},'
        b'"logprobs":null,"finish_reason":null}],"prompt_token_ids":[1,2],"prompt_text":null}'
    )
    assert chat_delta(data) == Delta(prompt_token_ids=(1, 2))


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_reasoning_is_read_under_both_names(field: str) -> None:
    data = b'{"choices":[{"delta":{"%s":"so"},"token_ids":[5,6]}]}' % field.encode()
    assert chat_delta(data) == Delta(reasoning="so", token_ids=(5, 6))


def test_the_last_chunk_brings_the_reason_and_log_probabilities() -> None:
    data = (
        b'{"choices":[{"delta":{"content":"4"},"logprobs":{"content":[{"token":"4",'
        b'"logprob":-0.5,"bytes":[52],"top_logprobs":[]}]},"finish_reason":"stop",'
        b'"stop_reason":null,"token_ids":[52]}]}'
    )
    delta = chat_delta(data)
    assert (delta.content, delta.finish_reason, delta.token_ids) == ("4", "stop", (52,))
    assert delta.logprobs[0]["logprob"] == -0.5


def test_tool_calls_pass_as_they_came() -> None:
    call = b'{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":"{"}}'
    delta = chat_delta(b'{"choices":[{"delta":{"tool_calls":[%s]}}]}' % call)
    assert delta.tool_calls[0]["function"] == {"name": "f", "arguments": "{"}


def test_the_usage_chunk_has_no_choices() -> None:
    data = b'{"choices":[],"usage":{"prompt_tokens":3,"total_tokens":7,"completion_tokens":4}}'
    assert chat_delta(data) == Delta(usage=EngineUsage(3, 4))
    assert text_delta(data, 0) == Delta(usage=EngineUsage(3, 4))


@pytest.mark.parametrize(
    "data", [b'{"error":{"message":"boom","code":500}}', b'{"error":"boom"}', b'{"choices":"boom"}']
)
def test_what_is_no_chunk_is_a_failure_of_the_engine(data: bytes) -> None:
    with pytest.raises(EngineFailed, match=r"boom|cannot be read"):
        chat_delta(data)
    with pytest.raises(EngineFailed):
        text_delta(data, 0)


@pytest.mark.parametrize(
    "data",
    [
        b'{"choices":[{"delta":{"content":"\xff"},"text":"\xff"}]}',
        b'{"error":%s1%s}' % (b"[" * 20_000, b"]" * 20_000),
    ],
)
def test_bytes_that_no_text_is_made_of_are_a_failure_of_the_engine(data: bytes) -> None:
    with pytest.raises(EngineFailed, match="cannot be read"):
        chat_delta(data)
    with pytest.raises(EngineFailed, match="cannot be read"):
        text_delta(data, 0)


def test_the_first_chunk_of_a_completion_brings_the_prompts_ids() -> None:
    data = b'{"choices":[{"text":"4","token_ids":[5],"prompt_token_ids":[1,2]}]}'
    assert text_delta(data, 0) == Delta(content="4", token_ids=(5,), prompt_token_ids=(1, 2))


def test_log_probabilities_of_a_completion_come_in_chats_shape() -> None:
    data = (
        '{"choices":[{"index":0,"text":"ρb","logprobs":{"text_offset":[0,1],'
        '"token_logprobs":[-5.5,null],"tokens":["ρ","b"],'
        '"top_logprobs":[{"ρ":-5.5,"u":-4.5,"x":-6.0},null]},"finish_reason":"length",'
        '"prompt_token_ids":null,"token_ids":[1,98]}]}'
    )
    delta = text_delta(data.encode(), 2)
    assert (delta.content, delta.token_ids, delta.finish_reason) == ("ρb", (1, 98), "length")
    first, second = delta.logprobs
    assert first == {
        "token": "ρ",
        "logprob": -5.5,
        "bytes": [207, 129],
        "top_logprobs": [
            {"token": "ρ", "logprob": -5.5, "bytes": [207, 129]},
            {"token": "u", "logprob": -4.5, "bytes": [117]},
        ],
    }
    assert (second["logprob"], second["top_logprobs"]) == (-9999.0, [])
