"""Letters of multiple choice, A to J: only where one is marked as the answer.

In this order, and of several the last: a box, "answer is C" / "option C", a final line that is an
option (`C`, `C.`, `(C) Paris`), a letter set in bold, and the only letter in brackets. The article
"A" and the pronoun "I" in prose are no choices.
"""

import re
from collections.abc import Iterable

from quorate_verifiers.answers import Answer
from quorate_verifiers.boxes import has_box, last_boxed
from quorate_verifiers.statements import final_line, without_emphasis

_LAYOUT = re.compile(r"\\(?:text|textbf|mathrm|mathbf|textrm|mbox)(?![A-Za-z])|[\s${}*\\]")
_BOXED = re.compile(r"\(?(?P<letter>[A-Ja-j])(?:\)|[.:](?![A-Za-z]{0,2}$)|$)")
_BOXED_OPTION = re.compile(r"\s*(?:\\text(?:bf)?\s?\{)?\s*\(?(?P<letter>[A-J])\s?[).:]")

_MARKED = r"[*_`\"'“$]{0,4}\\?(?:\(|\\(?:text|textbf|mathrm|boxed)\{\(?|\[)?"
_STATED = re.compile(
    rf"\b(?:answer|choice|option)s?\b[*_\s]{{0,4}}(?:(?:is|should be|must be)\b)?\s?[:=]?\s{{0,3}}"
    rf"(?:(?:option|choice|letter)\s)?{_MARKED}(?P<letter>[A-Ja-j])(?![A-Za-z0-9'’_^=+-])"
    r"(?=(?P<after>[^\n]{0,24}))",
    re.IGNORECASE,
)
_STATED_BEFORE = re.compile(
    r"(?:\((?P<letter>[A-J])\)|\b(?P<bare>[A-J]))[*_]{0,3}\s(?:is|would be)\s(?:the\s)?"
    r"(?:correct|right|best|answer)\b"
)
_OPTION_LINE = re.compile(r"\(?(?P<letter>[A-J])(?:[).:](?:\s.*)?)?", re.DOTALL)
_LOWER_OPTION_LINE = re.compile(r"(?:\((?P<letter>[a-j])\)|(?P<bare>[a-j])[).]?)\.?")
_BOLD = re.compile(r"\*\*\(?(?P<letter>[A-J])\)?[.:]?\*\*")
_BRACKETED = re.compile(r"(?<!\w)\((?P<letter>[A-J])\)")

# Behind "answer is A": the letter is meant, not the article.
_GOES_ON = re.compile(r"\s(?:because|since|as|for|due|is|and|with|by|which)\b")


def extract_choice(answer_part: str) -> Answer | None:
    """The letter that `answer_part` chooses, in upper case, or None."""
    letter = _letter(answer_part)
    return Answer("choice", letter.upper(), letter.upper()) if letter else None


def _letter(text: str) -> str | None:
    if has_box(text):
        boxed = last_boxed(text)
        return _boxed_letter(boxed) if boxed else None
    return (
        _last(_stated_letters(text))
        or _option_line_letter(text)
        or _last(match["letter"] for match in _BOLD.finditer(text))
        or _only(match["letter"] for match in _BRACKETED.finditer(text))
    )


def _boxed_letter(boxed: str) -> str | None:
    match = _BOXED.match(_LAYOUT.sub("", boxed)) if len(boxed) < 40 else None
    match = _BOXED_OPTION.match(boxed) or match
    return match["letter"] if match else None


def _stated_letters(text: str) -> list[str]:
    found = [(m.start(), m["letter"]) for m in _STATED.finditer(text) if _is_letter(m)]
    found += [(m.start(), m["letter"] or m["bare"]) for m in _STATED_BEFORE.finditer(text)]
    return [letter for _, letter in sorted(found)]


def _is_letter(match: re.Match[str]) -> bool:
    """Whether a single letter behind "answer" is the choice, and no article or variable."""
    letter, after = match["letter"], match["after"]
    ended = not after.strip() or re.match(r"[*_`\"'”$}\]]{0,4}\s?[).,:;!?\]}]|[*_`\"'”$}]", after)
    if ended:
        return True
    if letter in "AI":
        return _GOES_ON.match(after) is not None
    return letter.isupper()


def _option_line_letter(text: str) -> str | None:
    line = final_line(text).strip("$ ")
    match = _OPTION_LINE.fullmatch(line)
    if match is not None:
        if len(set(_BRACKETED.findall(line))) > 1:
            return None
        lines = [without_emphasis(each).strip() for each in text[-4_000:].splitlines()]
        options = [each for each in lines if _OPTION_LINE.fullmatch(each)]
        return match["letter"] if len(set(options)) == 1 else None
    match = _LOWER_OPTION_LINE.fullmatch(line)
    return (match["letter"] or match["bare"]) if match else None


def _last(letters: Iterable[str]) -> str | None:
    return next(reversed(list(letters)), None)


def _only(letters: Iterable[str]) -> str | None:
    distinct = set(letters)
    return distinct.pop() if len(distinct) == 1 else None
