"""Telling the server whether an answer was right."""

from collections.abc import Mapping
from typing import Any

from quorate.answer import Answer


def feedback_body(
    answer: Answer | str, correct: bool | None, expected: Any, fields: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The request that says it. Raises ValueError unless exactly one of both is said, of an answer
    that has an id.
    """
    if (correct is None) == (expected is None):
        raise ValueError("Say either whether the answer was `correct`, or what was `expected`.")
    id_ = answer if isinstance(answer, str) else answer.id
    if id_ is None:
        raise ValueError("This answer has no id to give feedback on: its call was cut short.")
    told = {"id": id_, "correct": correct, "expected": _wire(expected), "fields": fields}
    return {name: value for name, value in told.items() if value is not None}


def _wire(expected: Any) -> Any:
    """Numbers go as text, exactly as they are; JSON as JSON."""
    plain = isinstance(expected, str | bool | list | dict) or expected is None
    return expected if plain else str(expected)
