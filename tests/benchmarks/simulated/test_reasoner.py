import statistics

import pytest

from benchmarks.simulated.reasoner import Question, Reasoner, Sample
from benchmarks.simulated.vocabulary import END, Vocabulary, chat_prompt

QUESTIONS = [Question(number) for number in range(400)]


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary()


def prompt(vocabulary: Vocabulary, number: int) -> list[int]:
    message: dict[str, object] = {"role": "user", "content": Question(number).text}
    return vocabulary.ids(chat_prompt([message]))


def share_right(thought_share: float) -> float:
    samples = [Sample(question, "sign") for question in QUESTIONS]
    return statistics.fmean(
        s.answer(int(thought_share * s.thought_tokens())) == s.question.answer for s in samples
    )


def test_thoughts_are_some_six_hundred_tokens_long_and_longer_for_the_harder_half() -> None:
    lengths = [Sample(question, "sign").thought_tokens() for question in QUESTIONS]
    assert 500 < statistics.median(lengths) < 720
    by_difficulty = sorted(QUESTIONS, key=lambda question: question.difficulty)
    assert by_difficulty[0].thought_tokens < by_difficulty[-1].thought_tokens


def test_more_thinking_is_right_more_often() -> None:
    shares = [share_right(share) for share in (0.0, 0.4, 0.6, 0.8, 1.0)]
    assert shares == sorted(shares)
    assert shares[0] == pytest.approx(0.40, abs=0.07)
    assert shares[-1] == pytest.approx(0.82, abs=0.05)


def test_a_question_and_a_seed_are_one_sample(vocabulary: Vocabulary) -> None:
    reasoner = Reasoner(vocabulary)
    asked = prompt(vocabulary, 5)
    assert reasoner.goes_on(asked, 1) == reasoner.goes_on(asked, 1)
    assert reasoner.goes_on(asked, 1) != reasoner.goes_on(asked, 2)


def test_a_whole_sample_closes_its_thought_answers_and_ends(vocabulary: Vocabulary) -> None:
    reasoner = Reasoner(vocabulary)
    said = reasoner.goes_on(prompt(vocabulary, 5), 1)
    assert said[-1] == END
    assert said.count(reasoner.think_end) == 1
    text = vocabulary.text(said)
    assert "\\boxed{" in text.partition("</think>")[2]


def test_a_thought_that_is_cut_and_goes_on_remains_the_same(vocabulary: Vocabulary) -> None:
    reasoner = Reasoner(vocabulary)
    asked = prompt(vocabulary, 5)
    whole = reasoner.goes_on(asked, 1)
    thought = whole.index(reasoner.think_end)
    on = reasoner.goes_on(asked + whole[: thought // 2], 77)
    assert thought // 2 + on.index(reasoner.think_end) == thought
    answer = whole[thought:]
    assert on[on.index(reasoner.think_end) :] == answer


def test_a_closed_thought_is_answered_with_what_was_known_by_then(vocabulary: Vocabulary) -> None:
    reasoner = Reasoner(vocabulary)
    closer = vocabulary.ids("\n</think>\n\n**Final Answer**\n\\boxed{")
    right = 0
    for number in range(200):
        asked = prompt(vocabulary, number)
        said = reasoner.goes_on(asked, 1)
        thought = said[: said.index(reasoner.think_end)]
        answer = vocabulary.text(reasoner.goes_on(asked + thought + closer, 9))
        assert answer.endswith("}")
        right += answer == f"{Question(number).answer}}}"
    assert right / 200 == pytest.approx(0.82, abs=0.08)


def test_a_budget_of_thinking_ends_the_thought(vocabulary: Vocabulary) -> None:
    reasoner = Reasoner(vocabulary)
    said = reasoner.goes_on(prompt(vocabulary, 5), 1, thinking_tokens=8)
    assert said[8] == reasoner.think_end


def test_a_prompt_without_a_thought_is_answered_at_once(vocabulary: Vocabulary) -> None:
    said = Reasoner(vocabulary).goes_on(vocabulary.ids("What is question 5?"), 1)
    assert vocabulary.text(said).startswith("The answer is \\boxed{")
