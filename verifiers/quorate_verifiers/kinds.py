"""What `answer_type: "auto"` means: the kind of answer that a prompt and its samples call for."""

import re
from collections.abc import Callable, Sequence

from quorate_verifiers.answers import Kind
from quorate_verifiers.boxes import has_box, last_boxed
from quorate_verifiers.canonical import canonical, is_formula
from quorate_verifiers.extraction import extract
from quorate_verifiers.numerals import number_concluding
from quorate_verifiers.reasoning import split_reasoning
from quorate_verifiers.statements import closing_formula, final_line, stated

_OPTION = re.compile(r"(?:^|\s|\()[*_]{0,2}(?P<letter>[A-J])[).:](?=[\s*_$\\])")
_BOX_ASKED_FOR = re.compile(r"\\boxed")
_FEWEST_OPTIONS = 2


def choose_kind(prompt: str, texts: Sequence[str]) -> Kind:
    """The kind to read all samples of a group as. Depends on nothing but its arguments.

    `prompt` is what the user asked, `texts` the samples so far, in any order, with or without
    their reasoning; those without an answer part do not count. The first rule that fits decides:

    1. `choice`: the prompt lists options (A, B, … in order), and at least half of the samples, if
       there are any, choose a letter.
    2. `number`: at least half of the samples state one number (in a box, behind "answer is", as
       the end of the final line), and none boxes anything else.
    3. `math`: at least half of the samples have a box, or state a number or a formula as above.
       With no sample to go by: the prompt asks for a box.
    4. `text`.

    Numbers have one canonical form in `math` and `number`, and both find a number in the same
    places, so `46` and `\\boxed{46}` vote together whichever of the two is chosen.
    """
    parts = [part for part in (split_reasoning(text)[1] for text in texts) if part]
    if _lists_options(prompt) and _at_least_half(parts, _chooses):
        return "choice"
    if not parts:
        return "math" if _BOX_ASKED_FOR.search(prompt) else "text"
    if _at_least_half(parts, _states_number) and not any(map(_boxes_no_number, parts)):
        return "number"
    return "math" if _at_least_half(parts, _states_mathematics) else "text"


def _lists_options(prompt: str) -> bool:
    """Whether A, B and so on stand in the prompt, each behind the one before."""
    expected = "A"
    for match in _OPTION.finditer(prompt):
        if match["letter"] == expected:
            expected = chr(ord(expected) + 1)
    return ord(expected) - ord("A") >= _FEWEST_OPTIONS


def _at_least_half(parts: Sequence[str], holds: Callable[[str], bool]) -> bool:
    return 2 * sum(map(holds, parts)) >= len(parts)


def _chooses(part: str) -> bool:
    return extract(part, "choice") is not None


def _states_number(part: str) -> bool:
    return _states_plainly(part) and extract(part, "number") is not None


def _states_mathematics(part: str) -> bool:
    answer = extract(part, "math") if _states_plainly(part) else None
    return answer is not None and (has_box(part) or is_formula(answer.key))


def _boxes_no_number(part: str) -> bool:
    return last_boxed(part) is not None and extract(part, "number") is None


def _states_plainly(part: str) -> bool:
    """Whether the answer stands where an answer stands: "Neil Armstrong, in 1969" has no number."""
    line = final_line(part)
    return (
        has_box(part)
        or stated(part) is not None
        or is_formula(canonical(line))
        or closing_formula(part) is not None
        or number_concluding(line) is not None
    )
