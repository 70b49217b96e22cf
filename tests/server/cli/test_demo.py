from quorate_server.cli.demo import QUESTIONS


def test_the_right_answers_are_right() -> None:
    for question, right in QUESTIONS:
        terms = question.removeprefix("What is ").removesuffix("?").replace("-", "+-").split("+")
        total = 0
        for term in terms:
            product = 1
            for factor in term.split("*"):
                product *= int(factor)
            total += product
        assert total == right
