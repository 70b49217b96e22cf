"""What a stream has said so far."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionChunk

from quorate import UnreadableAnswer
from quorate.so_far import SoFar
from tests.sdk.said import chunk, completion, decided, progress


def heard(*chunks: dict[str, Any], answer_type: object = None) -> SoFar:
    so_far = SoFar(answer_type)
    for each in chunks:
        so_far.take(ChatCompletionChunk.construct(**each))
    return so_far


def test_nothing_was_said() -> None:
    assert heard().partial(1.0, 1.0) is None
    assert heard(progress(0, 2)).partial(1.0, 1.0) is None


def test_a_stream_adds_up_to_what_would_have_come_at_once() -> None:
    whole = heard(progress(), *decided()).completion()
    assert whole.to_dict()["consensus"] == completion()["consensus"]
    assert whole.choices[0].message.content == "It is 46."
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage is not None
    assert whole.usage.total_tokens == 233
    assert whole.object == "chat.completion"


def test_several_choices_are_kept_apart() -> None:
    other = {**chunk({"content": "two"}), "choices": [{"index": 1, "delta": {"content": "two"}}]}
    whole = heard(chunk({"content": "on"}), other, chunk({"content": "e"})).completion()
    assert [choice.message.content for choice in whole.choices] == ["one", "two"]


def test_log_probabilities_and_tool_calls_are_put_together() -> None:
    first, second = chunk({"content": "4"}), chunk({"content": "6", "tool_calls": [{"id": "t"}]})
    for each, token in ((first, "4"), (second, "6")):
        each["choices"][0]["logprobs"] = {"content": [{"token": token}], "refusal": None}
    told: Any = heard(first, second).completion().to_dict(warnings=False)
    choice = told["choices"][0]
    assert [each["token"] for each in choice["logprobs"]["content"]] == ["4", "6"]
    assert choice["message"]["tool_calls"] == [{"id": "t"}]


@pytest.mark.parametrize(
    ("asked", "value"), [(None, 46), ("auto", 46), ("number", 46), ("text", "46")]
)
def test_a_vote_is_of_the_kind_that_was_asked_for(asked: object, value: object) -> None:
    partial = heard(progress(), answer_type=asked).partial(1.0, 1.5)
    assert partial is not None
    assert partial.value == value


@given(st.integers(1, 50), st.integers(0, 50))
def test_agreement_is_a_share(count: int, more: int) -> None:
    partial = heard(progress(count, count + more)).partial(1.0, 1.5)
    assert partial is not None
    assert partial.agreement == pytest.approx(count / (count + more))
    assert partial.timings.met is False


@pytest.mark.parametrize(
    "nonsense",
    [
        {"consensus_progress": 3},
        {"consensus_progress": {"votes": [{}], "finished": 1}},
        {"consensus_progress": {"votes": [], "finished": None}},
        {"choices": [3]},
        {"choices": 3},
        {"choices": [{"delta": {}}]},
    ],
)
def test_what_is_no_chunk_is_said_to_be_none(nonsense: dict[str, Any]) -> None:
    with pytest.raises(UnreadableAnswer):
        heard({**chunk({}), **nonsense})


@pytest.mark.parametrize("nonsense", [{"consensus": 3}, {"consensus": {"votes": 1}}])
def test_no_answer_is_made_of_nonsense(nonsense: dict[str, Any]) -> None:
    assert heard(chunk({}, **nonsense)).partial(1.0, 1.5) is None
