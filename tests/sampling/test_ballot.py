import asyncio
import threading
from collections.abc import Mapping
from dataclasses import replace

import pytest

from quorate_sampling.ballot import Asked, Ballot
from quorate_sampling.engine import EngineUsage, Sample
from quorate_sampling.reading import Reading
from quorate_sampling.voting import BestOfN
from quorate_verifiers import Answer, AnswerType, Extractor


def add(ballot: Ballot, sample: Sample) -> None:
    asyncio.run(ballot.add(sample))


def ballot(*contents: str, question: str = "", answer_type: Asked = "auto") -> Ballot:
    filled = Ballot(question, answer_type)
    for index, content in enumerate(contents):
        add(filled, Sample(index, "finished", content=content))
    return filled


def test_the_kind_follows_from_all_answers_and_earlier_ones_are_read_again() -> None:
    mixed = ballot("46", "\\boxed{x+1}", "\\boxed{x + 1}", "\\boxed{1+x}")
    assert mixed.kind == "math"
    assert mixed.leading == 3
    assert mixed.votes[1].answer == "46"


def test_a_kind_that_changes_back_and_forth_reads_no_sample_twice_as_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kinds = []
    read = Ballot._reading

    def counted(self: Ballot, sample: Sample, as_kind: Extractor) -> Reading:
        kinds.append((id(as_kind), sample.index))
        return read(self, sample, as_kind)

    monkeypatch.setattr(Ballot, "_reading", counted)
    filled = Ballot("", "auto")
    seen = []
    for index in range(12):
        add(filled, Sample(index, "finished", content="\\boxed{4}" if index % 2 else "no idea"))
        seen.append(filled.kind)
    assert seen == ["text", "number"] * 6
    assert len(kinds) == len(set(kinds))
    assert (filled.leading, filled.unparsed) == (6, 6)


def test_a_bare_and_a_boxed_number_vote_together() -> None:
    assert ballot("46", "so it is \\boxed{46}", "The answer is 46.").leading == 3


def test_the_kind_that_was_asked_for_is_kept() -> None:
    asked = ballot("The answer is 46.", "46", answer_type=AnswerType("text"))
    assert asked.kind == "text"
    assert asked.leading == 1


def test_nothing_from_the_reasoning_votes() -> None:
    filled = Ballot("", AnswerType("number"))
    add(filled, Sample(0, "finished", reasoning="it is 46", content="no idea"))
    assert filled.votes == ()
    assert filled.unparsed == 1


def test_the_sample_shown_ended_its_thought_by_itself_where_one_did() -> None:
    filled = Ballot("", AnswerType("number"))
    add(filled, Sample(0, "finished", content="46", forced_span=(1, 2)))
    add(filled, Sample(1, "finished", content="46"))
    assert filled.representative(filled.votes[0]).index == 1


@pytest.mark.parametrize("answer_type", ["auto", AnswerType("math"), AnswerType("json")])
async def test_long_answers_are_read_off_the_event_loop(
    monkeypatch: pytest.MonkeyPatch, answer_type: Asked
) -> None:
    threads = []
    read = Ballot._reading

    def watched(self: Ballot, sample: Sample, as_kind: Extractor) -> Reading:
        threads.append(threading.current_thread())
        return read(self, sample, as_kind)

    monkeypatch.setattr(Ballot, "_reading", watched)
    filled = Ballot("", answer_type)
    await filled.add(Sample(0, "finished", content="46"))
    assert threads == [threading.current_thread()]
    await filled.add(Sample(1, "finished", content="4" * 20_000))
    assert threading.current_thread() not in threads[1:]


async def test_a_verifier_is_asked_once_for_each_distinct_answer() -> None:
    asked = []

    async def verify(answer: Answer) -> float | None:
        asked.append(answer.text)
        return None if answer.text == "3" else 0.9 if answer.text == "1" else 0.1

    filled = Ballot("", AnswerType("number"), voting=BestOfN(), verify=verify)
    for index, content in enumerate(["2", "2", "1", "3", "no idea"]):
        await filled.add(Sample(index, "finished", content=content))
    assert asked == ["2", "1", "3"]
    assert filled.votes[0].answer == "1"
    assert [r.verified for r in filled.readings.values()] == [0.1, 0.1, 0.9, None, None]


async def test_what_cannot_be_read_in_time_is_not_counted_until_it_is_or_is_given_up() -> None:
    left = 0.0
    filled = Ballot("", AnswerType("number"), time_s=lambda: left)
    long = Sample(0, "finished", content="so it is \n" * 2_000 + "46")
    assert not await filled.add(long)
    assert (filled.finished, filled.samples) == (0, {})
    left = 10.0
    assert await filled.add(long)
    assert filled.votes[0].answer == "46"
    await filled.add_unread(replace(long, index=1))
    assert (filled.finished, filled.unparsed) == (2, 1)


class Hesitant:
    """Merges everything, but only when it is asked a second time about the same answers."""

    def __init__(self) -> None:
        self.asked: set[frozenset[str]] = set()

    async def merge(self, answers: Mapping[str, Answer]) -> Mapping[str, str]:
        again = frozenset(answers) in self.asked
        self.asked.add(frozenset(answers))
        return {key: next(iter(answers)) if again else key for key in answers}


async def test_what_the_relation_could_not_settle_at_once_is_settled_at_the_end() -> None:
    filled = Ballot("", AnswerType("math"), equivalence=Hesitant())
    for index, answer in enumerate(("x+1", "y+1", "x+1")):
        await filled.add(Sample(index, "finished", content=f"\\boxed{{{answer}}}"))
    assert [vote.count for vote in filled.votes] == [2, 1]
    await filled.settle()
    assert [vote.count for vote in filled.votes] == [3]


def test_the_lengths_of_answers_without_a_thought_are_no_reason_to_stop() -> None:
    filled = Ballot("", AnswerType("number"))
    for index, content in enumerate(("4", "123456789", "4")):
        usage = EngineUsage(3, len(content))
        closed = Sample(index, "finished", content=content, forced_span=(0, 2), usage=usage)
        add(filled, closed)
    assert filled.thoughtful == 0
    assert filled.standing(0, 3, 16).tokens == (0, 0, 0)
    add(filled, Sample(3, "finished", reasoning="hm", content="5", usage=EngineUsage(3, 40)))
    assert filled.thoughtful == 1


def test_the_lengths_of_thoughts_are_told_to_the_rule() -> None:
    filled = Ballot("", AnswerType("number"))
    for index, tokens in enumerate((40, 70)):
        usage = EngineUsage(3, tokens)
        span = (tokens, tokens + 2)
        add(
            filled,
            Sample(
                index, "finished", "t", "4", usage=usage, forced_span=span, thought_tokens=tokens
            ),
        )
    assert filled.standing(0, 3, 16).tokens == (40, 70)
    assert filled.thoughtful == 2
