import pytest

from quorate_verifiers.boxes import last_boxed


@pytest.mark.parametrize(
    ("text", "content"),
    [
        (r"so \boxed{46}.", "46"),
        (r"\boxed{1} then \boxed{2}", "2"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{\text{a {b} c}}", r"\text{a {b} c}"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\boxed{ 46 }", "46"),
        (r"\boxed {46}", "46"),
        (r"\fbox{46}", "46"),
        (r"\boxed 5", "5"),
        (r"\boxed5.", "5"),
        (r"\boxed x", "x"),
        (r"$\boxed{\boxed{5}}$", "5"),
        (r"\boxed{The answer is \boxed{1}.", "1"),
        (r"a stray { brace, \boxed{5}", "5"),
        (r"a stray } brace, \boxed{5}", "5"),
        (r"\boxed{4} or \boxed{46", "4"),
        (r"put it in \boxed{}: \boxed{7}", "7"),
        (r"\boxed{7} as \boxed{} says", "7"),
        (r"\boxed{46", None),
        (r"\boxed{}", None),
        (r"\boxed", None),
        ("46", None),
    ],
)
def test_the_last_complete_box_counts(text: str, content: str | None) -> None:
    assert last_boxed(text) == content
