import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate_verifiers import Kind, whole_answer


@pytest.mark.parametrize(
    ("text", "kind", "key"),
    [
        ("1/2", "math", "1/2"),
        (r"\dfrac{1}{2}", "math", "1/2"),
        ("1,234.50", "number", "2469/2"),
        ("(b)", "choice", "B"),
        ("Paris.", "text", "paris"),
        ('{"b": 1, "a": 2}', "json", '{"a":2,"b":1}'),
        ("not  spam", "label", "not spam"),
        ("if x:\n    y()  \n", "code", "if x:\n    y()"),
    ],
)
def test_a_whole_text_has_the_canonical_form_of_its_kind(text: str, kind: Kind, key: str) -> None:
    assert whole_answer(text, kind).key == key


def test_nothing_is_looked_for_in_it() -> None:
    assert whole_answer("the answer is 46", "number").key != "46"
    assert whole_answer("the  second one", "choice").key == "the second one"


def test_programs_that_differ_in_their_indentation_stay_apart() -> None:
    inside, behind = "for i in x:\n  f()\n  g()", "for i in x:\n  f()\ng()"
    assert whole_answer(inside, "code").key != whole_answer(behind, "code").key


@given(st.text(), st.sampled_from(["math", "number", "choice", "text", "json", "code", "label"]))
def test_no_text_raises(text: str, kind: Kind) -> None:
    answer = whole_answer(text, kind)
    assert (answer.kind, answer.text) == (kind, text.strip())
