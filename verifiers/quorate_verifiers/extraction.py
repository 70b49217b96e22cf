"""From a sample's text to its answer: the reasoning removed, then one extractor for each kind."""

from collections.abc import Mapping
from types import MappingProxyType

from quorate_verifiers.answers import Answer, AnswerType, Extractor, Kind
from quorate_verifiers.canonical import canonical
from quorate_verifiers.extractors.choice import extract_choice
from quorate_verifiers.extractors.code import code_key, extract_code
from quorate_verifiers.extractors.json import extract_json
from quorate_verifiers.extractors.label import LabelExtractor
from quorate_verifiers.extractors.math import extract_math
from quorate_verifiers.extractors.number import extract_number
from quorate_verifiers.extractors.regex import RegexExtractor, compiled
from quorate_verifiers.extractors.text import extract_text
from quorate_verifiers.reasoning import split_reasoning

EXTRACTORS: Mapping[Kind, Extractor] = MappingProxyType(
    {
        "math": extract_math,
        "number": extract_number,
        "choice": extract_choice,
        "text": extract_text,
        "json": extract_json,
        "code": extract_code,
    }
)
"""Those that need to know nothing but the kind."""


def extractor(answer_type: AnswerType) -> Extractor:
    """What reads answers of this type.

    Raises PatternInvalid or LabelsInvalid where its pattern or its labels are not fit for that.
    """
    if answer_type.kind == "regex":
        return RegexExtractor(compiled(answer_type.pattern or ""))
    if answer_type.kind == "label":
        return LabelExtractor(answer_type.labels)
    return EXTRACTORS[answer_type.kind]


def extract(text: str, kind: Kind) -> Answer | None:
    """The answer that `text` gives, read as `kind`; None where it is not parsed.

    `text` may still carry its reasoning, which never counts: a thought that was not closed has no
    answer yet. Raises nothing for any text, and takes time linear in its length. For `regex` and
    `label`, which need more than their name, see `extractor`.
    """
    _, answer_part = split_reasoning(text)
    return EXTRACTORS[kind](answer_part)


def whole_answer(text: str, kind: Kind) -> Answer:
    """The answer that `text` is from end to end, as a person or a record gives it.

    Nothing is looked for in it: mathematics has its canonical form, the other kinds theirs, and
    what is none of its kind is compared by its words. Raises nothing for any text.
    """
    return Answer(kind, text.strip(), _whole_key(text, kind))


def _whole_key(text: str, kind: Kind) -> str:
    if kind in ("math", "number"):
        return canonical(text)
    if kind == "code":
        return code_key(text)
    answer = EXTRACTORS[kind](text) if kind in EXTRACTORS else None
    return answer.key if answer is not None else " ".join(text.split())
