"""What answers mean."""

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.answer import FieldAnswer, LabelScore, Vote
from quorate.reading import answer_from, number_of, timings_from, value_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("46", 46),
        ("-7", -7),
        ("0.10", Decimal("0.10")),
        ("1/3", Fraction(1, 3)),
        ("-2/4", Fraction(-1, 2)),
        ("1e30", Decimal("1e30")),
        ("1e999999999999", None),
        ("1/0", None),
        ("nan", None),
        ("inf", None),
        ("x+1", None),
        ("", None),
        ("9" * 5000, Decimal("9" * 5000)),
    ],
)
def test_numbers_are_exact(text: str, value: Any) -> None:
    number = number_of(text)
    if value is None and number is not None:
        assert isinstance(number, Decimal)  # a platform whose exponents go that far
        return
    assert number == value
    assert type(number) is type(value)


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_none(text: str) -> None:
    number_of(text)


@given(st.integers(), st.integers(min_value=1))
def test_ratios_are_read_as_they_are(above: int, below: int) -> None:
    assert number_of(f"{above}/{below}") == Fraction(above, below)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("46", "number", 46),
        ("46", "math", 46),
        ("x^2", "math", "x^2"),
        ("46", "text", "46"),
        ("B", "choice", "B"),
        ('{"total": 3}', "json", {"total": 3}),
        ("{broken", "json", "{broken"),
        ("[" * 100_000, "json", "[" * 100_000),
        ("46", None, "46"),
    ],
)
def test_a_value_is_of_its_kind(text: str, kind: str | None, value: Any) -> None:
    assert value_of(text, kind) == value


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_json_is_decoded(value: Any) -> None:
    assert value_of(json.dumps(value), "json") == value


def test_fields_and_labels_are_told_apart():
    told = {
        "answer": "{}",
        "answer_type": "json",
        "fields": {
            "/total": {
                "value": 3,
                "agreement": 0.9,
                "confidence": None,
                "missing": 1,
                "votes": [{"answer": "3", "count": 9}],
            }
        },
        "review": ["/total"],
        "labels": [{"label": "spam", "score": 0.9, "probability": None, "count": 9}],
    }
    answer = answer_from(told, timings=timings_from(None, None, 0.5))
    assert answer.fields == {"/total": FieldAnswer(3, 0.9, None, 1, (Vote("3", 9, 9.0),))}
    assert answer.review == ("/total",)
    assert answer.labels == (LabelScore("spam", 0.9, None, 9),)


def test_timings_know_both_sides():
    told = {"budget_ms": 990, "elapsed_ms": 700, "met": True, "forced": 2}
    ours = timings_from(told, budget_s=1.0, elapsed_s=0.75)
    assert (ours.budget_ms, ours.client_ms, ours.server_ms) == (1000, 750, 700)
    assert (ours.met, ours.forced) == (True, 2)
    assert timings_from(told, budget_s=1.0, elapsed_s=1.25).met is False
    assert timings_from(told, budget_s=None, elapsed_s=1.25).met is True
    assert timings_from(None, budget_s=None, elapsed_s=1.25).met is None
