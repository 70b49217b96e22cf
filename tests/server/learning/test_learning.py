import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from quorate_sampling.recorded import read_groups
from quorate_server.errors import FeedbackUnknownId
from quorate_server.learning.feedback import Feedback
from quorate_server.learning.journal import Journal
from quorate_server.learning.learning import Learning
from quorate_server.learning.lines import LineFile
from quorate_server.learning.metrics import LearningState
from tests.server.learning.answered import finished


def journal(path: Path) -> Journal:
    return Journal(LineFile(path, option="--record"))


def metric(learning: Learning, name: str, **labels: str) -> float | None:
    registry = CollectorRegistry()
    registry.register(LearningState(learning))
    return registry.get_sample_value(name, labels)


async def test_every_group_is_recorded_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "groups.jsonl"
    learning = Learning(recording=journal(path))
    done = [await finished(["46", "46", "56"], f"q-{n}") for n in range(3)]
    async with learning.running():
        for group in done:
            learning.take(group)
    assert [group.id for group in read_groups(path)] == ["q-0", "q-1", "q-2"]
    assert "What is" not in path.read_text()
    assert metric(learning, "quorate_recorded_lines_total", file="record") == 3
    assert metric(learning, "quorate_recording_dropped_total", file="record") == 0


async def test_texts_are_recorded_only_when_asked_for(tmp_path: Path) -> None:
    record, feedback = tmp_path / "groups.jsonl", tmp_path / "feedback.jsonl"
    learning = Learning(recording=journal(record), feedback=journal(feedback), texts=True)
    async with learning.running():
        learning.take(await finished())
        await learning.judge(Feedback(id="q-1", correct=True))
    recorded, judged = json.loads(record.read_text()), json.loads(feedback.read_text())
    assert recorded["question"] == judged["question"] == "What is 40+6?"
    assert [sample["content"] for sample in recorded["samples"]] == ["46", "46", "56"]
    assert "content" not in judged["samples"][0]


async def test_feedback_becomes_a_labelled_group(tmp_path: Path) -> None:
    path = tmp_path / "feedback.jsonl"
    learning = Learning(feedback=journal(path))
    async with learning.running():
        learning.take(await finished(["46", "46", "56"]))
        await learning.judge(Feedback(id="chatcmpl-q-1", expected="56"))
        await learning.judge(Feedback(id="q-1", correct=True))
    first, last = read_groups(path)
    assert (first.correct, last.correct) == (frozenset(["56"]), frozenset(["46"]))


async def test_a_group_that_is_not_remembered_is_unknown() -> None:
    with pytest.raises(FeedbackUnknownId) as refused:
        await Learning().judge(Feedback(id="q-1", correct=True))
    assert (refused.value.status, refused.value.param) == (404, "id")


async def test_feedback_is_held_against_the_stated_confidence() -> None:
    learning = Learning()
    for number, (confidence, correct) in enumerate([(0.9, True), (0.7, False), (None, True)]):
        group = await finished(["46"], f"q-{number}", confidence=confidence, profile="p1")
        learning.take(group)
        await learning.judge(Feedback(id=f"q-{number}", correct=correct))
    of = {"model": "abacus", "profile": "p1"}
    assert metric(learning, "quorate_confidence_drift", **of) == pytest.approx(0.3)
    assert metric(learning, "quorate_confidence_brier", **of) == pytest.approx(0.25)
    assert metric(learning, "quorate_confidence_feedbacks", **of) == 2
    assert metric(learning, "quorate_feedback_total", model="abacus", correct="true") == 2
    assert metric(learning, "quorate_feedback_total", model="abacus", correct="false") == 1
    assert metric(learning, "quorate_remembered_groups") == 3


async def test_many_groups_and_feedbacks_at_once_leave_whole_lines(tmp_path: Path) -> None:
    record, feedback = tmp_path / "groups.jsonl", tmp_path / "feedback.jsonl"
    learning = Learning(recording=journal(record), feedback=journal(feedback))
    done = await finished(["46", "46", "56"])

    async def answered_and_judged(number: int) -> None:
        learning.take(replace(done, request_id=f"q-{number}"))
        await asyncio.sleep(0)
        await learning.judge(Feedback(id=f"q-{number}", correct=number % 2 == 0))

    async with learning.running():
        await asyncio.gather(*(answered_and_judged(n) for n in range(300)))
    assert len({group.id for group in read_groups(record)}) == 300
    judged = read_groups(feedback)
    assert sum(bool(group.correct) for group in judged) == 150
