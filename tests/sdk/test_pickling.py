"""Answers and errors cross to other processes: workers, queues, caches."""

import pickle
from typing import Any

import openai
import pytest

from quorate import Answer, Quorate, QuorateError
from quorate.errors import LowConfidence
from tests.sdk.faults.facing import facing
from tests.sdk.faults.hostile import Hostile
from tests.sdk.faults.mistreating import Fault, answer, mute, overloaded, stalled_body
from tests.sdk.faults.wire import ANSWER, MODEL


def again(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def asked(fault: Fault, **wishes: Any) -> Answer:
    with (
        facing(Hostile([fault], good=0.0)) as url,
        Quorate(base_url=url, model=MODEL, max_retries=0) as client,
    ):
        return client.ask("What is 2+2?", **wishes)


@pytest.mark.parametrize("deadline", [None, 5])
def test_an_answer_is_the_same_but_has_nobody_to_tell(deadline: float | None) -> None:
    given = asked(answer, deadline=deadline)
    copy = again(given)
    assert copy == given
    assert copy.completion.choices[0].message.content == ANSWER
    with pytest.raises(RuntimeError):
        copy.feedback(correct=True)


@pytest.mark.parametrize("fault", [mute, stalled_body, overloaded])
def test_an_error_is_the_same(fault: Fault) -> None:
    with pytest.raises(QuorateError) as raised:
        asked(fault, deadline=0.2)
    error = raised.value
    copy = again(error)
    assert type(copy) is type(error)
    assert (str(copy), copy.args) == (str(error), error.args)
    assert isinstance(error, openai.APIError)
    assert vars(copy)["request"].url == vars(error)["request"].url
    assert getattr(copy, "partial", None) == getattr(error, "partial", None)
    assert getattr(copy, "retry_after_ms", 30) == 30


def test_an_answer_that_was_not_sure_enough_keeps_its_votes() -> None:
    with pytest.raises(LowConfidence) as raised:
        asked(answer, deadline=5, min_confidence=0.9)
    copy = again(raised.value)
    assert (copy.wanted, copy.answer.votes) == (0.9, raised.value.answer.votes)
    assert str(copy) == str(raised.value)
