"""How hard a question is: the levels that abacus is trained and measured on."""

from dataclasses import dataclass

__all__ = ["LEVELS", "Level"]


@dataclass(frozen=True, slots=True)
class Level:
    """What the questions of one level are made of. Ranges include both ends.

    Attributes:
        number: 1 is the easiest.
        name: What is new about it, in a few words.
        terms: How many terms the chain has; a product or a parenthesis is one term.
        digits: How many digits a plain term has.
        products: How many of the terms are products.
        factors: How many digits the two factors of a product have.
        parentheses: How many of the terms are a small sum in parentheses times a digit.
    """

    number: int
    name: str
    terms: tuple[int, int]
    digits: tuple[int, int]
    products: tuple[int, int] = (0, 0)
    factors: tuple[int, int] = (1, 1)
    parentheses: tuple[int, int] = (0, 0)


LEVELS: dict[int, Level] = {
    level.number: level
    for level in (
        Level(1, "one small sum", (2, 2), (1, 2)),
        Level(2, "a few small terms", (3, 4), (1, 2)),
        Level(3, "one-digit products", (1, 4), (1, 2), (1, 2), (1, 1)),
        Level(4, "two digits times one", (1, 4), (1, 2), (1, 1), (2, 1), (0, 1)),
        Level(5, "three-digit terms", (3, 5), (2, 3)),
        Level(6, "longer chains", (5, 7), (2, 3), (1, 2), (2, 1), (0, 1)),
        Level(7, "three digits times one", (1, 5), (2, 3), (1, 2), (3, 1)),
        Level(8, "chains of ten", (8, 10), (2, 3), (1, 2), (2, 1)),
        Level(9, "chains of fourteen", (12, 14), (2, 3), (2, 3), (2, 1)),
        Level(10, "two digits times two", (1, 3), (1, 2), (1, 1), (2, 2)),
        Level(11, "long chains, large products", (11, 12), (2, 3), (1, 2), (3, 1)),
    )
}
