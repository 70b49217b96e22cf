"""Extracting answers from a model's text and judging them.

>>> from quorate_verifiers import extract
>>> a, b = extract(r"So it is \\boxed{\\dfrac12}.", "math"), extract("Answer: 0.5", "math")
>>> a.text, a.equivalent(b)
('\\\\frac12', True)
"""

from quorate_verifiers.answers import Answer, AnswerType, Extractor, Kind
from quorate_verifiers.boxes import last_boxed
from quorate_verifiers.canonical import canonical, canonical_number
from quorate_verifiers.equivalence import Canonical, Equivalence
from quorate_verifiers.errors import QuorateError
from quorate_verifiers.extraction import EXTRACTORS, extract, extractor, whole_answer
from quorate_verifiers.extractors.label import check_labels
from quorate_verifiers.extractors.regex import check_pattern
from quorate_verifiers.kinds import KindTally, choose_kind
from quorate_verifiers.pointers import resolve
from quorate_verifiers.reasoning import split_reasoning
from quorate_verifiers.request_errors import (
    AnswerTypeInvalid,
    LabelsInvalid,
    PatternInvalid,
    PointerInvalid,
)
from quorate_verifiers.stated import stated_confidence
from quorate_verifiers.strict_json import (
    JsonRefused,
    JsonValue,
    canonical_json,
    json_key,
    read_json,
)

__all__ = [
    "EXTRACTORS",
    "Answer",
    "AnswerType",
    "AnswerTypeInvalid",
    "Canonical",
    "Equivalence",
    "Extractor",
    "JsonRefused",
    "JsonValue",
    "Kind",
    "KindTally",
    "LabelsInvalid",
    "PatternInvalid",
    "PointerInvalid",
    "QuorateError",
    "canonical",
    "canonical_json",
    "canonical_number",
    "check_labels",
    "check_pattern",
    "choose_kind",
    "extract",
    "extractor",
    "json_key",
    "last_boxed",
    "read_json",
    "resolve",
    "split_reasoning",
    "stated_confidence",
    "whole_answer",
]
