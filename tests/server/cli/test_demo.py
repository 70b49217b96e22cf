from io import StringIO

from rich.console import Console

from quorate_server.cli.demo import QUESTIONS, summary


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


def test_the_summary_fits_into_eighty_columns() -> None:
    rows = [
        {
            "question": question,
            "answer": "-1388",
            "right": right > 0,
            "agreement": 1.0,
            "confidence": None if right == 9 else 1.0,
            "samples": 16,
            "tokens": 12_345,
            "seconds": 13.47,
        }
        for question, right in QUESTIONS
    ]
    console = Console(width=80, record=True, file=StringIO())
    console.print(summary(rows))
    shown = console.export_text().splitlines()
    assert len(shown) == len(QUESTIONS) + 3  # title, headings, rule: nothing is folded
    assert "…" not in "".join(shown)
    for line, (question, _) in zip(shown[3:], QUESTIONS, strict=True):
        assert line.startswith(question.removeprefix("What is ").removesuffix("?"))
        assert line.endswith("12345 13.5 s")
