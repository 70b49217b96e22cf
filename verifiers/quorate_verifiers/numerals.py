"""The one number that a piece of prose states, if it states one."""

import re

from quorate_verifiers.canonical import canonical_number

_NUMERAL = re.compile(
    r"""
    (?<![\w.\\])
    (?P<sign>[-+−]?)\ ?[$€£¥]?\ ?
    (?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]{1,3}(?:\ [0-9]{3})+(?![0-9])|[0-9]+)
    (?:\.[0-9]+)?
    (?:[eE][-+−]?[0-9]{1,6}\b|\ ?[×x*]\ ?10\^\{?[-−]?[0-9]{1,6}\}?|[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?
    (?:\ ?/\ ?[0-9]+|\ [0-9]+/[0-9]+)?
    """,
    re.VERBOSE,
)
_LIST_MARKER = re.compile(r"^\s*(?:[0-9]+[.)]|[-*•])\s+(?=\S)")
_LABEL_BEFORE = re.compile(
    r"(?:\b(?:step|route|chapter|figure|fig|part|case|equation|eq|option|line|page|question|problem"
    r"|version|section|table|method|approach|level|room|no)\.?|#)\s?$",
    re.IGNORECASE,
)
_GOES_ON_BEFORE = frozenset("+-−*/^_×·÷\\{[|")
_GOES_ON_AFTER = frozenset("+*/^_×·÷=<>\\}]|:√π")
_VARIABLE_AFTER = re.compile(r"[A-Za-z](?![A-Za-z])")


def number_in(statement: str) -> str | None:
    """The numeral that `statement` amounts to, as written; None if there is none, or a choice.

    That is the whole statement (`46 apples`, `$1,200.50`), else the number it opens with
    (`46, because …`), else the only one in it. A numeral inside a formula is not taken out of it.
    """
    if canonical_number(statement) is not None:
        return statement
    body = _LIST_MARKER.sub("", statement)
    if "\\" in body:
        return None
    numerals = list(_NUMERAL.finditer(body))
    if not numerals or any(_within_formula(body, numeral) for numeral in numerals):
        return None
    first = numerals[0]
    if first.start() > 0 and (len(numerals) > 1 or _LABEL_BEFORE.search(body[: first.start()])):
        return None
    numeral = first[0].strip()
    return numeral if canonical_number(numeral) is not None else None


def number_after_equals(line: str) -> str | None:
    """The number behind the last `=`, or None."""
    _, equals, rest = line.rpartition("=")
    return number_in(rest.strip()) if equals else None


def _within_formula(text: str, numeral: re.Match[str]) -> bool:
    before = text[max(0, numeral.start() - 2) : numeral.start()].strip()[-1:]
    after = text[numeral.end() : numeral.end() + 2].strip(" %")[:1]
    return (
        (before != "" and before in _GOES_ON_BEFORE)
        or (after != "" and after in _GOES_ON_AFTER)
        or _VARIABLE_AFTER.match(text, numeral.end()) is not None
    )
