from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate_sampling.closers import PreparedClosing
from quorate_sampling.deadline import Deadline
from quorate_sampling.pace import Pace
from quorate_sampling.planning import AnswerLengths
from quorate_sampling.timetable import TAIL_S
from quorate_server.deadlines import TimeLimit
from quorate_server.encoding import encode
from quorate_server.errors import DeadlineExceeded
from quorate_server.gateway.incoming import Incoming
from quorate_server.job import CHAT_PATH, Job, read_job
from quorate_server.lag import LEAST_MARGIN_S, LoopLag
from quorate_server.time_plan import (
    BOXED_ANSWER_TOKENS,
    PROSE_ANSWER_TOKENS,
    refuse_the_late,
    time_plan,
)
from tests.server.scripted_gateway import chat

BOXED = PreparedClosing((9, 2), (2,), last_words="", opener="\\boxed{")
BARE = replace(BOXED, opener="")


def job(budget_s: float | None = 2.0, **fields: Any) -> Job:
    incoming = Incoming(CHAT_PATH, (), encode(chat(**fields)), 0.0, "r")
    limit = None if budget_s is None else TimeLimit(Deadline(0.0, budget_s, lambda: 0.0))
    return replace(read_job(incoming, lambda _: True, None), limit=limit)


def test_without_a_deadline_there_is_nothing_to_plan() -> None:
    assert time_plan(job(None), Pace(), BOXED, LoopLag()) is None


def test_a_plan_keeps_free_what_writing_and_bills_take() -> None:
    table = time_plan(job(), Pace(), BOXED, LoopLag())
    assert table is not None
    assert table.deadline.at <= 2.0 - LEAST_MARGIN_S
    assert table.end_at == pytest.approx(table.deadline.at - TAIL_S)
    assert table.close_at < table.end_at


def test_an_answer_that_is_led_into_is_planned_to_be_shorter() -> None:
    boxed, bare = (time_plan(job(), Pace(), closing, LoopLag()) for closing in (BOXED, BARE))
    assert boxed is not None
    assert bare is not None
    assert (boxed.answer_tokens, bare.answer_tokens) == (BOXED_ANSWER_TOKENS, PROSE_ANSWER_TOKENS)
    assert boxed.close_at > bare.close_at


def test_what_answers_took_before_is_what_the_next_are_planned_to_take() -> None:
    answers = AnswerLengths()
    for _ in range(50):
        answers.saw(5)
    seen = time_plan(job(), Pace(), BARE, LoopLag(), 60, answers)
    assert seen is not None
    assert 5 <= seen.answer_tokens < BOXED_ANSWER_TOKENS


def test_a_late_event_loop_ends_the_drawing_earlier() -> None:
    lag = LoopLag()
    lag.recent.append(0.2)
    quick, slow = time_plan(job(), Pace(), BOXED, LoopLag()), time_plan(job(), Pace(), BOXED, lag)
    assert quick is not None
    assert slow is not None
    assert slow.end_at == pytest.approx(quick.end_at - 0.2)


def test_many_samples_in_a_response_take_their_time_to_write() -> None:
    one = time_plan(job(), Pace(), BOXED, LoopLag())
    fields: dict[str, Any] = {"consensus": {"max_samples": 64, "return_samples": True}}
    many = time_plan(job(**fields), Pace(), BOXED, LoopLag())
    assert one is not None
    assert many is not None
    assert many.end_at < one.end_at


def test_what_has_passed_is_refused_before_anything_is_drawn() -> None:
    refuse_the_late(Deadline(0.0, 1.0, lambda: 0.9))
    with pytest.raises(DeadlineExceeded):
        refuse_the_late(Deadline(0.0, 1.0, lambda: 1.0))


@given(st.floats(0.001, 1e5), st.floats(0, 100), st.integers(0, 100_000))
def test_no_point_of_a_plan_is_past_the_deadline(budget_s, lag_s, prompt_tokens) -> None:
    lag = LoopLag()
    lag.recent.append(lag_s)
    table = time_plan(job(budget_s), Pace(), BOXED, lag, prompt_tokens)
    assert table is not None
    assert table.close_at <= table.end_at < table.deadline.at < budget_s
