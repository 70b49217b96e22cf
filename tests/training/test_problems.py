"""The generated questions: answers, steps and levels."""

import ast
import operator
import random
import re

import pytest

from training.abacus.levels import LEVELS
from training.abacus.problems import problem, reduce_once, solve

OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}
ASCII = str.maketrans({"×": "*", "x": "*", "·": "*", "−": "-"})


def value(node: ast.expr) -> int:
    """What Python's own grammar makes of an expression: a second opinion on precedence."""
    match node:
        case ast.BinOp(left, sign, right):
            return int(OPERATORS[type(sign)](value(left), value(right)))
        case ast.UnaryOp(ast.USub(), operand):
            return -value(operand)
        case ast.Constant(int(number)):
            return number
        case _:
            raise AssertionError(ast.dump(node))


def python_says(expression: str) -> int:
    return value(ast.parse(expression, mode="eval").body)


@pytest.mark.parametrize("level", LEVELS)
def test_every_step_has_the_value_of_the_answer(level: int) -> None:
    for seed in range(200):
        drawn = problem(level, random.Random(seed))
        assert drawn.level == level
        assert [python_says(step) for step in drawn.steps] == [drawn.answer] * len(drawn.steps)


@pytest.mark.parametrize("level", LEVELS)
def test_the_question_asks_for_what_the_steps_solve(level: int) -> None:
    for seed in range(200):
        drawn = problem(level, random.Random(seed))
        numbers = re.findall(r"\d+", drawn.steps[0])
        assert re.findall(r"\d+", drawn.question) == numbers
        found = re.search(r"[\d(][\d()+*\- ]*[\d)]", drawn.question.translate(ASCII))
        if found and re.search(r"[+*-]", found.group()):
            assert found.group().replace(" ", "") == drawn.steps[0]


def test_the_same_seed_asks_the_same_question() -> None:
    assert problem(7, random.Random(3)) == problem(7, random.Random(3))


def test_an_unknown_level_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        problem(len(LEVELS) + 1, random.Random(0))


def test_levels_think_longer_at_the_hard_end() -> None:
    def mean_thought(level: int) -> float:
        thoughts = ["\n".join(problem(level, random.Random(seed)).steps) for seed in range(100)]
        return sum(map(len, thoughts)) / len(thoughts)

    assert mean_thought(1) < 15
    assert 300 < mean_thought(max(LEVELS)) < 700


def test_parentheses_come_before_products_before_sums() -> None:
    assert solve("12+34*5-6") == ("12+34*5-6", "12+170-6", "182-6", "176")
    assert solve("4-(2+3)*6") == ("4-(2+3)*6", "4-5*6", "4-30", "-26")
    assert reduce_once("-26") is None
