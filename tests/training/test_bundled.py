"""The files that ship with the server: small, whole, and made by this code."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

import quorate_server
from training.abacus.tokenizer import CHAT_TEMPLATE, CLOSER, SPECIAL_TOKENS, build_tokenizer

FOLDER = Path(quorate_server.__file__).parent / "models" / "abacus"


def test_the_weights_are_small_and_finite() -> None:
    assert (FOLDER / "model.safetensors").stat().st_size <= 12e6
    weights = load_file(FOLDER / "model.safetensors")
    assert sum(weight.numel() for weight in weights.values()) <= 3e6
    assert all(torch.isfinite(weight).all() for weight in weights.values())


def test_the_configuration_is_a_qwen3_with_long_context() -> None:
    config = AutoConfig.from_pretrained(FOLDER)
    assert config.architectures == ["Qwen3ForCausalLM"]
    assert config.max_position_embeddings == 16384
    assert config.eos_token_id == SPECIAL_TOKENS["<|end|>"]


def test_sampling_defaults_are_temperature_1() -> None:
    generation = json.loads((FOLDER / "generation_config.json").read_text())
    assert (generation["temperature"], generation["top_p"]) == (1.0, 1.0)


def test_the_tokenizer_is_the_one_the_model_was_trained_with() -> None:
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    assert tokenizer.get_vocab() == build_tokenizer().get_vocab()
    assert tokenizer.chat_template == CHAT_TEMPLATE
    assert tokenizer("\n</think>\n\n\\boxed{")["input_ids"] == CLOSER


@pytest.mark.parametrize(("thinking", "thought"), [(True, "12+34\n46\n"), (False, "")])
def test_it_adds(thinking: bool, thought: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    model = AutoModelForCausalLM.from_pretrained(FOLDER)
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "What is 12+34?"}],
        add_generation_prompt=True,
        enable_thinking=thinking,
        return_tensors="pt",
        return_dict=True,
    )
    output = model.generate(**prompt, max_new_tokens=40, do_sample=False)
    text = tokenizer.decode(output[0, prompt["input_ids"].shape[1] :])
    assert text == (f"{thought}</think>\n\n" if thinking else "") + "\\boxed{46}<|end|>"
