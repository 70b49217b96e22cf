"""The one number that a piece of prose states, if it states one."""

import re

from quorate_verifiers.canonical import canonical_number

_NUMERAL = r"""
    (?<![\w.\\])
    [-+−]?\ ?[$€£¥]?\ ?
    (?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]{1,3}(?:\ [0-9]{3})+(?![0-9])|[0-9]+)
    (?:\.[0-9]+)?
    (?:[eE][-+−]?[0-9]{1,6}\b|\ ?[×x*]\ ?10\^\{?[-−]?[0-9]{1,6}\}?|[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?
    (?:\ ?/\ ?[0-9]+|\ [0-9]+/[0-9]+)?
"""
_ANY_NUMERAL = re.compile(_NUMERAL, re.VERBOSE)
_CONCLUSION = re.compile(
    rf"""
    (?:\b(?:is|are|was|were|be|equals?(?:\ to)?|gives|makes|totals|costs|has|have|leaves)\b|[:≈])
    \ ?(?:about\ |approximately\ |exactly\ |only\ |now\ |then\ )?
    (?P<numeral>{_NUMERAL})
    (?:\ ?[%°]C?)?(?:\ [A-Za-z/]{{2,20}}){{0,3}}[\s.!]*$
    """,
    re.VERBOSE,
)
_LIST_MARKER = re.compile(r"^\s*(?:[0-9]+[.)]|[-*•])\s+(?=\S)")
_LABEL_BEFORE = re.compile(
    r"(?:\b(?:step|route|chapter|figure|fig|part|case|equation|eq|option|line|page|question|problem"
    r"|version|section|table|method|approach|level|room|no)\.?|#)\s?$",
    re.IGNORECASE,
)
_DENIAL = re.compile(r"\b(?:not|cannot|unclear|unknown|or|between|either|depends)\b", re.IGNORECASE)
_ANOTHER = re.compile(r"\s?(?:or|to|and|–|-)\s?[$€£¥]?[0-9]")
_GOES_ON_BEFORE = frozenset("+-−*/^_×·÷\\{[|=<>")
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
    numerals = list(_ANY_NUMERAL.finditer(body))
    if not numerals or _within_formula(body, numerals[0]):
        return None
    first = numerals[0]
    if first.start() == 0:
        return None if _ANOTHER.match(body, first.end()) else _read(first[0])
    if len(numerals) > 1 or _DENIAL.search(body) or _LABEL_BEFORE.search(body[: first.start()]):
        return None
    return _read(first[0])


def number_concluding(line: str) -> str | None:
    """The number with which `line` ends: behind its last `=`, or a verb (`The total is 46.`)."""
    _, equals, rest = line.rpartition("=")
    if equals:
        return number_in(rest.strip())
    match = _CONCLUSION.search(line)
    return _read(match["numeral"]) if match else None


def _read(numeral: str) -> str | None:
    return numeral.strip() if canonical_number(numeral) is not None else None


def _within_formula(text: str, numeral: re.Match[str]) -> bool:
    before = text[max(0, numeral.start() - 2) : numeral.start()].strip()[-1:]
    after = text[numeral.end() : numeral.end() + 2].strip(" %")[:1]
    return (
        (before != "" and before in _GOES_ON_BEFORE)
        or (after != "" and after in _GOES_ON_AFTER)
        or _VARIABLE_AFTER.match(text, numeral.end()) is not None
    )
