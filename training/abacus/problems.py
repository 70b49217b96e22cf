"""Questions in integer arithmetic: the wording, the steps to the answer, the answer.

Nothing here needs torch, so that tests, demos and benchmarks can ask the same questions.
"""

import random
import re
from dataclasses import dataclass

from training.abacus.levels import LEVELS, Level

__all__ = ["Problem", "problem", "reduce_once", "solve"]

PHRASES = (
    "{}",
    "{}",
    "{} = ?",
    "{}=",
    "{} =",
    "What is {}?",
    "What is {}?",
    "what is {}",
    "What's {}?",
    "Whats {}",
    "How much is {}?",
    "What does {} equal?",
    "What do you get for {}?",
    "Compute {}.",
    "Compute {}",
    "Compute: {}",
    "Calculate {}.",
    "calculate {}",
    "Evaluate {}.",
    "Evaluate: {}",
    "Solve {}",
    "Work out {}.",
    "Find the value of {}.",
    "Give me the result of {}.",
    "Please compute {}.",
    "Please tell me what {} is.",
    "Can you work out {}?",
    "Could you calculate {} for me?",
    "I need to know {}.",
    "Tell me: {}",
    "Question: {}",
    "Q: {}\nA:",
    "Quick, {}!",
    "What is the answer to {}?",
    "What is {}? Put the answer in \\boxed{{}}.",
    "Compute {}. Think step by step.",
    "Solve this: {}. Put your final answer in \\boxed{{}}.",
    "Hi! What is {}?",
    "Hello, how much is {}? Thanks!",
)
SUM_PHRASES = (
    "Add up {}.",
    "Add {}.",
    "What is the sum of {}?",
    "Sum {}.",
    "Find the total of {}.",
)
SPELLINGS = (
    ("+", "-", "*"),
    ("+", "-", "*"),
    ("+", "-", "*"),
    ("+", "-", "x"),
    ("+", "-", "×"),
    ("+", "−", "×"),
    ("+", "−", "·"),
)
WORDS = ((" plus ", " minus ", " times "),)

_PARENTHESIS = re.compile(r"\((\d+)([+-])(\d+)\)")
_PRODUCT = re.compile(r"(\d+)(\*)(\d+)")
_SUM = re.compile(r"^(-?\d+)([+-])(\d+)")


@dataclass(frozen=True, slots=True)
class Problem:
    """One question with its answer.

    Attributes:
        question: As a user would ask it.
        answer: The right integer.
        level: Which of `LEVELS` it was drawn from.
        steps: The expression that is left after each step, from the whole to the answer.
    """

    question: str
    answer: int
    level: int
    steps: tuple[str, ...]


def problem(level: int, rng: random.Random) -> Problem:
    """Draw a question of a level (a key of `LEVELS`); raises KeyError for an unknown one."""
    expression = _expression(LEVELS[level], rng)
    steps = solve(expression)
    return Problem(_ask(expression, rng), int(steps[-1]), level, steps)


def solve(expression: str) -> tuple[str, ...]:
    """The expression and everything it becomes on the way to a single integer."""
    steps = [expression]
    while (reduced := reduce_once(steps[-1])) is not None:
        steps.append(reduced)
    return tuple(steps)


def reduce_once(expression: str) -> str | None:
    """Work out the first parenthesis, else the first product, else the first sum.

    Returns None when nothing is left to be done.
    """
    for pattern in (_PARENTHESIS, _PRODUCT, _SUM):
        if found := pattern.search(expression):
            left, sign, right = found.groups()
            value = _apply(sign, int(left), int(right))
            return f"{expression[: found.start()]}{value}{expression[found.end() :]}"
    return None


def _apply(sign: str, left: int, right: int) -> int:
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case _:
            return left * right


def _expression(level: Level, rng: random.Random) -> str:
    products = rng.randint(*level.products)
    parentheses = rng.randint(*level.parentheses)
    terms = [_product(level, rng) for _ in range(products)]
    terms += [_parenthesis(rng) for _ in range(parentheses)]
    plain = max(rng.randint(*level.terms) - len(terms), 0)
    terms += [_number(rng.randint(*level.digits), rng) for _ in range(plain)]
    rng.shuffle(terms)
    signs = ["", *rng.choices("+-", (3, 2), k=len(terms) - 1)]
    return "".join(sign + term for sign, term in zip(signs, terms, strict=True))


def _number(digits: int, rng: random.Random) -> str:
    return str(rng.randint(10 ** (digits - 1) if digits > 1 else 0, 10**digits - 1))


def _product(level: Level, rng: random.Random) -> str:
    factors = [_number(digits, rng) for digits in level.factors]
    rng.shuffle(factors)
    return "*".join(factors)


def _parenthesis(rng: random.Random) -> str:
    low, high = sorted(rng.randint(1, 20) for _ in range(2))
    inner = f"({low}+{high})" if rng.random() < 0.5 else f"({high}-{low})"
    digit = str(rng.randint(2, 9))
    return "*".join(rng.sample((inner, digit), 2))


def _ask(expression: str, rng: random.Random) -> str:
    if "+" in expression and not set("-*(") & set(expression) and rng.random() < 0.2:
        return rng.choice(SUM_PHRASES).format(_enumerate(expression.split("+")))
    spelt = _spell(expression, rng)
    return rng.choice(PHRASES).format(spelt)


def _enumerate(numbers: list[str]) -> str:
    return f"{', '.join(numbers[:-1])} and {numbers[-1]}"


def _spell(expression: str, rng: random.Random) -> str:
    if rng.random() < 0.06:
        plus, minus, times = rng.choice(WORDS)
    else:
        plus, minus, times = rng.choice(SPELLINGS)
        if rng.random() < 0.5:
            plus, minus, times = f" {plus} ", f" {minus} ", f" {times} "
    names = {"+": plus, "-": minus, "*": times}
    return "".join(names.get(character, character) for character in expression)
