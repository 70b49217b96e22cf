"""Whether a recorded answer is the one that a person says is right."""

from collections.abc import Mapping

from quorate_server.encoding import encode
from quorate_verifiers import EXTRACTORS, Answer, Equivalence, Kind, whole_answer


async def matching(
    expected: object, answers: Mapping[str, Answer], kind: Kind, equivalence: Equivalence
) -> frozenset[str]:
    """The keys of the `answers` that are what was `expected` (any JSON value; text as it is).

    What is expected is read as an answer of the group's own `kind` and compared by its canonical
    form, or by its very words; only what neither matches is put to the relation, and what that
    cannot settle counts as different.
    """
    right = read_answer(as_text(expected), kind)
    words = _words(right.text, kind)
    same = {k for k, a in answers.items() if k == right.key or _words(a.text, kind) == words}
    if same:
        return frozenset(same)
    classes = await equivalence.merge({right.key: right, **answers})
    return frozenset(key for key in answers if classes[key] == classes[right.key])


def as_text(value: object) -> str:
    """A JSON value as an answer's text."""
    return value if isinstance(value, str) else encode(value).decode()


def read_answer(text: str, kind: Kind) -> Answer:
    """A person's answer: found in the text as in a model's, else the whole text."""
    find = EXTRACTORS.get(kind)
    found = find(text) if find is not None else None
    return found or whole_answer(text, kind)


def _words(text: str, kind: Kind) -> str:
    """The words of an answer: case and white space count in code and data, not in prose."""
    prose = kind in ("choice", "label", "text")
    return " ".join(text.split()).casefold() if prose else text.strip()
