"""One token per byte, and a chat template in the manner of R1."""

import pytest
from transformers import PreTrainedTokenizerFast

from training.abacus.tokenizer import SPECIAL_TOKENS, build_tokenizer, token_ids


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return build_tokenizer()


@pytest.mark.parametrize("text", ["12 × 34 − 5 = ?", "héllo\n\t\0", "数学 😀", " two  spaces ", ""])
def test_any_text_survives_the_round_trip(tokenizer: PreTrainedTokenizerFast, text: str) -> None:
    ids = tokenizer(text)["input_ids"]
    assert ids == token_ids(text)
    assert tokenizer.decode(ids) == text


def test_markers_are_single_tokens(tokenizer: PreTrainedTokenizerFast) -> None:
    for text, id_ in SPECIAL_TOKENS.items():
        assert tokenizer(f"1{text}\n")["input_ids"] == [ord("1"), id_, ord("\n")]


def test_thought_markers_stay_when_special_tokens_are_skipped(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    ids = tokenizer("<|user|>1\n</think>\n\n2<|end|>")["input_ids"]
    assert tokenizer.decode(ids, skip_special_tokens=True) == "1\n</think>\n\n2"


def test_the_generation_prompt_opens_a_thought(tokenizer: PreTrainedTokenizerFast) -> None:
    chat = [{"role": "user", "content": " 1+1 "}]
    assert _render(tokenizer, chat) == "<|bos|><|user|>1+1<|assistant|><think>\n"


def test_thinking_can_be_switched_off(tokenizer: PreTrainedTokenizerFast) -> None:
    chat = [{"role": "user", "content": "1+1"}]
    assert _render(tokenizer, chat, enable_thinking=False) == (
        "<|bos|><|user|>1+1<|assistant|><think>\n\n</think>\n\n"
    )


def test_earlier_thoughts_and_system_messages_are_dropped(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    chat = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "1+1"},
        {"role": "assistant", "content": "<think>\n1+1\n2\n</think>\n\n\\boxed{2}"},
        {"role": "user", "content": "2+2"},
    ]
    assert _render(tokenizer, chat) == (
        "<|bos|><|user|>1+1<|assistant|>\\boxed{2}<|end|><|user|>2+2<|assistant|><think>\n"
    )


def _render(
    tokenizer: PreTrainedTokenizerFast, chat: list[dict[str, str]], **switches: bool
) -> str:
    text = tokenizer.apply_chat_template(
        chat, tokenize=False, add_generation_prompt=True, **switches
    )
    assert isinstance(text, str)
    return text
