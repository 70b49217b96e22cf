import pytest

from benchmarks.deadline.questions import chains, simulated


@pytest.mark.parametrize("questions", [chains((6, 9)), simulated])
def test_a_number_is_a_question_with_an_answer(questions) -> None:
    asked = questions(7)
    assert asked == questions(7)
    assert asked != questions(8)
    assert asked.is_right(f"So it is \\boxed{{{asked.answer}}}.")
    assert not asked.is_right(f"\\boxed{{{asked.answer + 1}}}")
    assert not asked.is_right("")
