"""Reading back what was written down: numbers that are numbers."""

from collections.abc import Iterable
from math import inf, isfinite


def numbers(
    values: Iterable[float], count: int | None = None, *, least: float = -inf
) -> list[float]:
    """The values as floats. Raises TypeError or ValueError where one is none, or not finite, or
    below `least`, or there are not `count` of them."""
    read = [float(value) for value in values]
    if count is not None and len(read) != count:
        raise ValueError(f"{count} numbers expected, not {len(read)}")
    if not all(isfinite(value) and value >= least for value in read):
        raise ValueError("numbers expected that are finite and not too small")
    return read
