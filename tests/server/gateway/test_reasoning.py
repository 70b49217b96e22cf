import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate_server.gateway.reasoning import mirror_reasoning


@pytest.mark.parametrize("spaced", [False, True])
@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
@given(thought=st.one_of(st.none(), st.text()), content=st.text())
def test_both_names_hold_the_same(
    spaced: bool, name: str, thought: str | None, content: str
) -> None:
    separators = (", ", ": ") if spaced else (",", ":")
    message = {"content": content, name: thought, "role": "assistant"}
    data = json.dumps({"choices": [{"message": message}]}, separators=separators).encode()
    mirrored = json.loads(mirror_reasoning(data))["choices"][0]["message"]
    expected = {"reasoning": thought, "reasoning_content": thought, "content": content}
    assert mirrored == {**expected, "role": "assistant"}


@given(st.text(alphabet='"\\:reasoning_content, {}nul', max_size=60))
def test_text_that_looks_like_a_key_is_left_alone(text: str) -> None:
    data = json.dumps({"content": text, "more": [text]}, separators=(",", ":")).encode()
    assert mirror_reasoning(data) == data


@pytest.mark.parametrize(
    "text", ['"reasoning":"x"', '\\"reasoning":"x"', "reasoning", "reasoning_content"]
)
def test_a_text_that_is_only_that_hides_no_real_key(text: str) -> None:
    data = json.dumps({"content": text, "reasoning": "t"}, separators=(",", ":")).encode()
    assert json.loads(mirror_reasoning(data)) == {
        "content": text, "reasoning": "t", "reasoning_content": "t",
    }  # fmt: skip


def test_both_present_are_left_as_they_are() -> None:
    data = b'{"reasoning":"a","reasoning_content":"b"}'
    assert mirror_reasoning(data) == data


def test_every_choice_is_mirrored() -> None:
    data = b'{"choices":[{"message":{"reasoning":"a"}},{"message":{"reasoning":null}}]}'
    assert [
        c["message"]["reasoning_content"] for c in json.loads(mirror_reasoning(data))["choices"]
    ] == ["a", None]


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_a_key_that_only_ends_in_the_name_is_another(name: str) -> None:
    data = json.dumps({f'my "{name}': "x"}).encode()
    assert mirror_reasoning(data) == data


def test_a_key_of_another_kind_is_left_alone() -> None:
    data = b'{"usage":{"reasoning":12},"x":{"reasoning":{"effort":"low"}}}'
    assert mirror_reasoning(data) == data


def test_a_long_thought_does_not_take_long() -> None:
    thought = '\\"' * 500_000
    data = ('{"reasoning":"' + thought + '"}').encode()
    assert len(mirror_reasoning(data)) > 2 * len(thought)
    broken = ('{"reasoning":"' + thought).encode()  # no end: nothing to backtrack into
    assert mirror_reasoning(broken) == broken
