import importlib.util
from pathlib import Path

import pytest

from quorate_server.engines.families import FAMILIES, UNKNOWN, family_of, family_with_parser
from quorate_server.engines.model_card import ModelCard, read_card

R1_TEMPLATE = "{% if add_generation_prompt %}{{'<｜Assistant｜><think>\\n'}}{% endif %}"
QWEN3_TEMPLATE = (
    "{%- if enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}"
)


@pytest.mark.parametrize(
    ("model", "family", "parser"),
    [
        ("deepseek-ai/DeepSeek-R1", "deepseek-r1", "deepseek_r1"),
        ("deepseek-ai/DeepSeek-R1-0528-Qwen3-8B", "deepseek-r1", "deepseek_r1"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", "deepseek-r1", "deepseek_r1"),
        ("unsloth/DeepSeek-R1-Distill-Llama-70B-bnb-4bit", "deepseek-r1", "deepseek_r1"),
        ("Qwen/QwQ-32B", "deepseek-r1", "deepseek_r1"),
        ("Qwen/QwQ-32B-AWQ", "deepseek-r1", "deepseek_r1"),
        ("Qwen/QwQ-32B-Preview", "unknown", None),
        ("microsoft/Phi-4-reasoning-plus", "deepseek-r1", "deepseek_r1"),
        ("deepseek-ai/DeepSeek-V3.1", "deepseek-v3", "deepseek_v3"),
        ("deepseek-ai/DeepSeek-V3", "unknown", None),
        ("Qwen/Qwen3-0.6B", "qwen3", "qwen3"),
        ("Qwen/Qwen3-235B-A22B-Thinking-2507-FP8", "qwen3", "qwen3"),
        ("Qwen/Qwen3-30B-A3B-Instruct-2507", "unknown", None),
        ("Qwen/Qwen3-Coder-30B-A3B-Instruct", "unknown", None),
        ("Qwen/Qwen3-Embedding-0.6B", "unknown", None),
        ("Qwen/Qwen2.5-7B-Instruct", "unknown", None),
        ("openai/gpt-oss-120b", "gpt-oss", "openai_gptoss"),
        ("NovaSky-AI/Sky-T1-32B-Preview", "sky-t1", None),
        ("openbmb/MiniCPM4.1-8B", "minicpm", "deepseek_r1"),
        ("openbmb/MiniCPM-V-4_5", "minicpm-v", "minicpmv"),
        ("openbmb/MiniCPM3-4B", "unknown", None),
        ("meta-llama/Llama-3.1-8B-Instruct", "unknown", None),
        ("/srv/models/abacus", "abacus", "deepseek_r1"),
    ],
)
def test_well_known_models_are_told_by_name(model: str, family: str, parser: str | None) -> None:
    found = family_of(ModelCard(model))
    assert (found.name, found.parser) == (family, parser)


@pytest.mark.parametrize(
    ("card", "family"),
    [
        (ModelCard("/m/tuned", "llama", R1_TEMPLATE), "deepseek-r1"),
        (ModelCard("/m/tuned", "qwen3", QWEN3_TEMPLATE), "qwen3"),
        (ModelCard("/m/tuned", "smollm3", QWEN3_TEMPLATE), "unknown"),
        (ModelCard("/m/tuned", "gpt_oss", None), "gpt-oss"),
        (ModelCard("/m/tuned", "qwen2", "… <|begin_of_thought|> …"), "sky-t1"),
        (ModelCard("/m/Qwen3-4B-Instruct", "qwen3", QWEN3_TEMPLATE), "unknown"),
    ],
)
def test_a_model_of_unknown_name_is_told_by_its_files(card: ModelCard, family: str) -> None:
    assert family_of(card).name == family


def test_every_closer_holds_the_end_marker_it_stands_for() -> None:
    for family in FAMILIES:
        assert family.closing is not None
        assert family.closing.end_marker in family.closing.closer


def test_every_parser_is_one_that_vllm_registers() -> None:
    vllm = importlib.util.find_spec("vllm")
    if vllm is None or vllm.origin is None:
        pytest.skip("vLLM is not installed")
    # Read, not imported: that takes seconds.
    registry = (Path(vllm.origin).parent / "reasoning" / "__init__.py").read_text()
    for parser in {f.parser for f in FAMILIES} - {None}:
        assert f'"{parser}": (' in registry


def test_a_parser_named_by_hand_keeps_the_closing_of_the_models_own_family() -> None:
    found = family_with_parser("qwen3", ModelCard("deepseek-ai/DeepSeek-R1"))
    assert found.parser == "qwen3"
    assert found.closing is not None
    assert found.closing.family == "deepseek-r1"


def test_a_parser_named_by_hand_brings_its_closing_to_an_unknown_model() -> None:
    found = family_with_parser("qwen3", ModelCard("org/new"))
    assert found.closing is not None
    assert found.closing.family == "qwen3"
    assert family_with_parser("granite", ModelCard("org/new")).closing is UNKNOWN.closing


def test_a_card_is_read_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "qwen3"}')
    (tmp_path / "tokenizer_config.json").write_text('{"chat_template": "hello"}')
    assert read_card(str(tmp_path)) == ModelCard(str(tmp_path), "qwen3", "hello")


def test_a_card_of_a_downloaded_model_is_read_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    snapshot = tmp_path / "models--org--name" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text('{"model_type": "gpt_oss"}')
    assert read_card("org/name").model_type == "gpt_oss"
    assert read_card("org/other") == ModelCard("org/other")
