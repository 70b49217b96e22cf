"""Units behind a value: `46 apples`, `15\\text{ cm}^2`, `12 miles per hour`, `120^\\circ`.

Within one group the question fixes the unit, so whether a sample repeats it says nothing about its
answer: units are dropped, and so is a percent sign (`25\\%` is `25`, not `1/4`). Words that change
what is said stay: `4:30 p.m.`, `3 million`, `5 miles north`.
"""

from collections.abc import Sequence

from quorate_verifiers.canonical.tokens import GREEK, Token

_SHORT_UNITS = frozenset(
    "mm cm dm km in ft yd mi mg kg lb lbs oz ml cl hr hrs min sec ms day days deg rad cup cups "
    "men ant ants hz khz mph kmh usd eur gbp th st nd rd cubic".split()
)
_NO_UNITS = frozenset(
    "pm am noon midnight north south east west left right above below more less fewer "
    "thousand million billion trillion dozen hundred mod base and or to infty sqrt frac cup cap "
    "binom sin cos tan cot sec csc log ln exp arcsin arccos arctan begin end not no none "
    "if for otherwise of".split()
)
_ENDS_A_VALUE = frozenset([")", "}", "]", "!"])
_SHORTEST_WORD = 4


def without_units(tokens: Sequence[Token]) -> Sequence[Token]:
    """The tokens without the unit at their end; all of them where there is none."""
    start = len(tokens)
    while start > 0 and _belongs_to_unit(tokens, start - 1):
        start -= 1
    while start < len(tokens) and not (_is_unit(tokens[start]) and _is_value(tokens[:start])):
        start += 1  # `^2`, `/` and single letters belong to a unit only behind one
    return tokens[:start]


def _belongs_to_unit(tokens: Sequence[Token], index: int) -> bool:
    token = tokens[index]
    if token.kind == "number":  # cm^2
        return index >= 2 and tokens[index - 1].text == "^" and _is_unit(tokens[index - 2])
    if token.kind == "mark":  # cm^2, cm^{2}, m/s
        return token.text in ("^", "/")
    return _is_unit(token) or (
        len(token.text) == 1 and index > 0 and tokens[index - 1].text in ("/", "per")
    )


def _is_unit(token: Token) -> bool:
    name = token.text
    if token.kind == "word":
        return name.lower() not in _NO_UNITS and name.lower() not in ("p", "a")
    if token.kind != "name" or name.lower() in GREEK:
        return False
    lowered = name.lower()
    if lowered in _SHORT_UNITS:
        return lowered != "in" or name == "in"
    return len(name) >= _SHORTEST_WORD and lowered not in _NO_UNITS


def _is_value(tokens: Sequence[Token]) -> bool:
    if not tokens:
        return False
    last = tokens[-1]
    return last.kind == "number" or last.text in _ENDS_A_VALUE or last.text == "pi"
