"""Numerals as exact values: one key for each rational number, however it was written.

Small values (up to `MAX_DIGITS` digits) are keyed as reduced fractions, `-7/2` or `46`. Longer
decimals never become an `int`: they keep their digits, without the zeros at either end, and a
power of ten (`1e5000`). That form is unique too, and it takes linear time for any length.
"""

import re
from fractions import Fraction

MAX_DIGITS = 300
MAX_EXPONENT_DIGITS = 9

_DECIMAL = re.compile(
    r"(?P<sign>[+-]?)(?:(?P<whole>[0-9]+)(?:\.(?P<part>[0-9]*))?|\.(?P<bare>[0-9]+))"
    rf"(?:[eE](?P<exponent>[+-]?[0-9]{{1,{MAX_EXPONENT_DIGITS}}}))?"
)
_NUMBER_KEY = re.compile(r"-?[0-9]+(?:/[0-9]+|e-?[0-9]+)?")


def decimal_key(numeral: str) -> str | None:
    """The key of a decimal numeral (`046`, `46.0`, `-.5`, `4.6e1`), or None if it is not one."""
    value = read_decimal(numeral)
    if value is None or isinstance(value, str):
        return value
    return rational_key(value)


def read_decimal(numeral: str) -> Fraction | str | None:
    """The value of a decimal numeral; its key where it is too long to be worth a value.

    None if the text is not a decimal numeral.
    """
    match = _DECIMAL.fullmatch(numeral)
    if match is None:
        return None
    part = match["part"] or match["bare"] or ""
    digits = ((match["whole"] or "") + part).lstrip("0")
    significant = digits.rstrip("0")
    if not significant:
        return Fraction(0)
    exponent = int(match["exponent"] or 0) - len(part) + len(digits) - len(significant)
    sign = "-" if match["sign"] == "-" else ""
    if len(significant) + abs(exponent) > MAX_DIGITS:
        return f"{sign}{significant}e{exponent}"
    number = int(sign + significant)
    if exponent >= 0:
        return Fraction(number * 10**exponent)
    return Fraction(number, 10**-exponent)


def rational_key(value: Fraction) -> str:
    """`46` or `-7/2`. The value has at most `MAX_DIGITS` digits above and below the line."""
    return str(value)


def is_number_key(key: str) -> bool:
    """Whether a canonical form is that of one rational number."""
    return _NUMBER_KEY.fullmatch(key) is not None


def is_whole(key: str) -> bool:
    """Whether a canonical form is that of a whole number of ordinary length."""
    return key.removeprefix("-").isdecimal()
