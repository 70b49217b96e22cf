from typing import Any

import pytest

from quorate_server.consensus.options import limits_of, read_options
from quorate_server.errors import CalibrationMissing, NotSupportedYet, RequestError


def test_true_and_a_number_are_short_for_the_object() -> None:
    assert read_options(True) == read_options({})
    assert read_options(12) == read_options({"max_samples": 12})
    assert read_options(None) is read_options(False) is None


@pytest.mark.parametrize(
    ("asked", "limits"),
    [
        ({}, (3, 16)),
        ({"preset": "fast"}, (2, 8)),
        ({"preset": "sure"}, (4, 40)),
        ({"max_samples": 2}, (2, 2)),
        ({"min_samples": 20}, (20, 20)),
        ({"max_samples": 64, "min_samples": 5}, (5, 64)),
    ],
)
def test_a_preset_fills_what_is_not_given(asked: dict[str, Any], limits: tuple[int, int]) -> None:
    options = read_options(asked)
    assert options is not None
    assert limits_of(options) == limits


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"max_sample": 3}, "consensus.max_sample"),
        ({"max_samples": 1}, "consensus.max_samples"),
        ({"max_samples": 257}, "consensus.max_samples"),
        ({"max_samples": "16"}, "consensus.max_samples"),
        ({"max_samples": 16.5}, "consensus.max_samples"),
        ({"max_samples": True}, "consensus.max_samples"),
        ({"min_samples": 0}, "consensus.min_samples"),
        ({"min_samples": 9, "max_samples": 4}, "consensus.min_samples"),
        ({"preset": "quick"}, "consensus.preset"),
        ({"early_stop": "sometimes"}, "consensus.early_stop"),
        ({"early_stop": {"rule": "margin", "margin": 0}}, "consensus.early_stop.margin"),
        ({"early_stop": {"rule": "beta", "margin": 3}}, "consensus.early_stop"),
        ({"early_stop": {"rule": "none", "threshold": 0.9}}, "consensus.early_stop"),
        ({"early_stop": {"rule": "margin", "width": 3}}, "consensus.early_stop.width"),
        ({"answer_type": "maths"}, "consensus.answer_type"),
        ({"content": "xml"}, "consensus.content"),
        ({"progress": "yes"}, "consensus.progress"),
        (1, "consensus.max_samples"),
        (-3, "consensus.max_samples"),
        ("yes", "consensus"),
        ([16], "consensus"),
        (3.5, "consensus"),
    ],
)
def test_what_cannot_be_is_refused_by_the_name_of_its_field(asked: Any, param: str) -> None:
    with pytest.raises(RequestError) as refused:
        read_options(asked)
    assert refused.value.param == param
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "asked",
    [
        {"early_stop": "bayes"},
        {"early_stop": {"rule": "sprt"}},
        {"answer_type": "json"},
        {"answer_type": {"regex": "[0-9]+"}},
        {"voting": "cisc"},
        {"voting": {"verifier": {}}},
        {"fields": {"/total": {}}},
        {"select": "merge"},
        {"min_agreement": 0.5},
        {"on_low_confidence": {"escalate": "big"}},
        {"max_tokens_total": 10_000},
        {"max_cost_usd": 0.01},
    ],
)
def test_what_a_later_version_brings_is_said_to_be_missing_and_never_ignored(
    asked: dict[str, Any],
) -> None:
    with pytest.raises(NotSupportedYet) as refused:
        read_options(asked)
    assert refused.value.code == "not_supported_yet"
    assert refused.value.param == f"consensus.{next(iter(asked))}"


def test_a_confidence_cannot_be_demanded_where_nothing_is_calibrated() -> None:
    with pytest.raises(CalibrationMissing, match="min_agreement"):
        read_options({"min_confidence": 0.9})


def test_null_is_the_same_as_not_given() -> None:
    asked = {"min_confidence": None, "fields": None, "max_cost_usd": None, "max_samples": None}
    assert read_options(asked) == read_options({})
