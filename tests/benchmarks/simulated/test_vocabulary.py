import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.simulated.vocabulary import THINK, THINK_END, Vocabulary, chat_prompt


@given(st.text(max_size=200))
def test_any_text_comes_back_whole(text: str) -> None:
    vocabulary = Vocabulary()
    assert vocabulary.text(vocabulary.ids(text)) == text


def test_markers_are_single_tokens_wherever_they_stand() -> None:
    vocabulary = Vocabulary()
    think, end = vocabulary.ids(f"{THINK}{THINK_END}")
    assert vocabulary.ids(f"so{THINK}so{THINK_END}")[1::2] == [think, end]


def test_ids_it_never_gave_out_are_not_read() -> None:
    with pytest.raises(IndexError):
        Vocabulary().text([10_000])


def test_the_template_opens_the_thought() -> None:
    parts: list[dict[str, object]] = [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]
    assert chat_prompt(parts) == f"<|user|>hi<|assistant|>{THINK}\n"
