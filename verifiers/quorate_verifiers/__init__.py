"""Extracting answers from a model's text and judging them.

>>> from quorate_verifiers import extract
>>> a, b = extract(r"So it is \\boxed{\\dfrac12}.", "math"), extract("Answer: 0.5", "math")
>>> a.text, a.equivalent(b)
('\\\\frac12', True)
"""

from quorate_verifiers.answers import Answer, Extractor, Kind
from quorate_verifiers.boxes import last_boxed
from quorate_verifiers.canonical import canonical, canonical_number
from quorate_verifiers.errors import QuorateError
from quorate_verifiers.extraction import EXTRACTORS, extract
from quorate_verifiers.kinds import KindTally, choose_kind
from quorate_verifiers.reasoning import split_reasoning

__all__ = [
    "EXTRACTORS",
    "Answer",
    "Extractor",
    "Kind",
    "KindTally",
    "QuorateError",
    "canonical",
    "canonical_number",
    "choose_kind",
    "extract",
    "last_boxed",
    "split_reasoning",
]
