import pytest

from quorate_verifiers import Kind, extract, split_reasoning
from quorate_verifiers.reasoning import MARKERS, ThoughtMarkers

HARMONY = (
    "<|channel|>analysis<|message|>It may be \\boxed{3}.<|end|>"
    "<|start|>assistant<|channel|>final<|message|>It is \\boxed{4}.<|return|>"
)


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("46", "", "46"),
        ("", "", ""),
        ("<think>a</think>b", "a", "b"),
        ("<think>\na\n</think>\n\nb\n", "a", "b"),
        ("a</think>b", "a", "b"),  # the template prefilled the opening tag
        ("<think>a", "a", ""),
        ("<think></think>b", "", "b"),
        ("<think>a</think>", "a", ""),
        ("<think>a</think>b</think>c", "ab", "c"),
        ("<think>a</think>b<think>c</think>d", "abc", "d"),
        ("<think>a</think>b<think>c", "ac", "b"),
        ("before<think>a", "beforea", ""),
        ("<thought>a</thought>b", "a", "b"),
        ("[THINK]a[/THINK]b", "a", "b"),
        (
            "<|begin_of_thought|>a<|end_of_thought|><|begin_of_solution|>b<|end_of_solution|>",
            "a",
            "b",
        ),
        (HARMONY, "It may be \\boxed{3}.", "It is \\boxed{4}."),
        ("<|channel|>analysis<|message|>still thinking", "still thinking", ""),
        ("<|channel|>analysis<|message|>a<|end|><|start|>assistant", "a", ""),
        ("<|channel|>final <|constrain|>json<|message|>{}<|return|>", "", "{}"),
        ("analysisIt may be 3.assistantfinal4", "It may be 3.", "4"),
        ("analysis of the problem gives 4", "", "analysis of the problem gives 4"),
    ],
)
def test_reasoning_and_answer_are_told_apart(text: str, reasoning: str, answer: str) -> None:
    assert split_reasoning(text) == (reasoning, answer)


@pytest.mark.parametrize("markers", MARKERS)
def test_an_unclosed_thought_has_no_answer_in_any_family(markers: ThoughtMarkers) -> None:
    assert split_reasoning(f"{markers.opening}\\boxed{{46}}")[1] == ""


@pytest.mark.parametrize("kind", ["math", "number"])
def test_a_box_in_the_reasoning_never_counts(kind: Kind) -> None:
    assert extract("<think>\\boxed{3}</think>I am not sure.", kind) is None
    assert extract("<think>\\boxed{3}", kind) is None
    answer = extract(HARMONY, kind)
    assert answer is not None
    assert answer.key == "4"
