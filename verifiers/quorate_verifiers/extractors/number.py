"""Numbers: the one in the last box, else the last one that the prose states as its answer.

Separators (`1,234,567`, `1 234`), currency, units, percent signs and U+2212 are understood,
scientific notation and fractions too; words for numbers are left alone. Without a box or an
"answer is …", the final line has to end in a number (`= 46`, `The total is 46.`) or to hold only
one.
"""

from quorate_verifiers.answers import Answer
from quorate_verifiers.boxes import has_box, last_boxed
from quorate_verifiers.canonical import canonical_number, spelling
from quorate_verifiers.numerals import number_concluding, number_in
from quorate_verifiers.statements import final_line, stated


def extract_number(answer_part: str) -> Answer | None:
    """The number that `answer_part` states, or None. What is boxed, if it is no number, is None."""
    found = last_boxed(answer_part)
    if found is None and not has_box(answer_part):
        found = _in_prose(answer_part)
    key = canonical_number(found) if found else None
    return Answer("number", spelling(found, key), key) if found and key else None


def _in_prose(answer_part: str) -> str | None:
    statement = stated(answer_part)
    if statement is not None:
        return number_in(statement) or number_concluding(statement)
    line = final_line(answer_part)
    return number_concluding(line) or number_in(line)
