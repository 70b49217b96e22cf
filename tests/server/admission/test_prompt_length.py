from typing import Any

import pytest

from quorate_server.admission.prompt_length import PromptLength


def asked(text: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


def test_a_prompt_of_unknown_language_is_guessed_at_four_bytes_a_token() -> None:
    assert PromptLength().tokens(asked("x" * 4000)) == 1000
    assert PromptLength().tokens(asked("é" * 2000)) == 1000
    assert PromptLength().tokens({"prompt": "x" * 400}) == 100


def test_token_ids_are_counted() -> None:
    assert PromptLength().tokens({"prompt": [5] * 123}) == 123


def test_an_image_is_not_taken_for_a_megabyte_of_text() -> None:
    parts = [
        {"type": "text", "text": "x" * 40},
        {"type": "image_url", "image_url": {"url": "data:" + "A" * 1_000_000}},
    ]
    assert PromptLength().tokens(asked(parts)) == 10


def test_what_the_engine_counted_is_learned() -> None:
    length = PromptLength()
    for _ in range(100):
        length.told(asked("x" * 2000), 2010)
    assert length.tokens(asked("x" * 2000)) == pytest.approx(2000, rel=0.02)


def test_short_prompts_teach_nothing_since_most_of_them_is_template() -> None:
    length = PromptLength()
    length.told(asked("hi"), 300)
    assert length == PromptLength()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messages": None},
        {"messages": "x"},
        {"messages": [1, None, {"content": 5}, {"content": [None, 3, {"text": 4}]}]},
        {"prompt": [[1, 2], [3]]},
        {"prompt": 7},
    ],
)
def test_what_is_no_prompt_has_no_length(body: dict[str, Any]) -> None:
    assert PromptLength().tokens(body) == 0


def test_half_a_surrogate_pair_is_text_too() -> None:
    assert PromptLength().tokens(asked("\ud800" * 40)) > 0
