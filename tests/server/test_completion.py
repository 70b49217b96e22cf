from quorate_sampling.engine import Sample
from quorate_server.completion import Shape, joined_tool_calls


def test_streamed_tool_calls_are_put_together_by_their_index() -> None:
    pieces = (
        {"index": 0, "id": "a", "type": "function", "function": {"name": "add", "arguments": ""}},
        {"index": 1, "id": "b", "function": {"name": "mul", "arguments": "{}"}},
        {"index": 0, "function": {"arguments": '{"x":'}},
        {"index": 0, "function": {"arguments": "1}"}},
    )
    assert [c["function"] for c in joined_tool_calls(pieces)] == [
        {"name": "add", "arguments": '{"x":1}'},
        {"name": "mul", "arguments": "{}"},
    ]


def test_a_tool_call_has_no_content() -> None:
    call = {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}
    sample = Sample(0, "finished", tool_calls=(call,), finish_reason="tool_calls")
    message = Shape.of("q", "m").choice(0, sample)["message"]
    assert message["content"] is None
    assert message["tool_calls"][0]["id"] == "a"


def test_logprobs_come_back_in_chat_shape() -> None:
    sample = Sample(0, "finished", logprobs=({"token": "4", "logprob": -0.1},))
    choice = Shape.of("q", "m").choice(0, sample)
    assert choice["logprobs"] == {"content": [{"token": "4", "logprob": -0.1}]}
