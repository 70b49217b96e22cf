"""`ask`, where what the server says makes no sense."""

from typing import Any

import pytest

from quorate import (
    UnreadableAnswer,
)
from tests.sdk.asking import MUCH_S, QUESTION, saying
from tests.sdk.conftest import Connect, Serve
from tests.sdk.said import (
    STREAM,
    chunk,
    completion,
    event,
    whole,
)
from tests.sdk.scripted_server import STALL

NONSENSE = [
    {"choices": []},
    {"consensus": {"answer": 5, "answer_type": "number"}},
    {"consensus": []},
    {"consensus": {"answer": "46", "votes": [{}]}},
    {"consensus": {"answer": "46", "votes": 3}},
]


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_is_said_to_be_that(
    serve: Serve, connect: Connect, nonsense: dict[str, Any]
) -> None:
    told = {"consensus": None, **nonsense}
    with pytest.raises(UnreadableAnswer):
        connect(serve(saying(whole(completion(**told))))).ask(QUESTION)


@pytest.mark.parametrize(
    "broken",
    [b"{not json", chunk({}, consensus_progress={"votes": 3}), chunk({}, consensus_progress=[])],
)
def test_a_nonsensical_stream_is_said_to_be_that(
    serve: Serve, connect: Connect, broken: Any
) -> None:
    client = connect(serve(saying(STREAM, event(broken), STALL)))
    with pytest.raises(UnreadableAnswer):
        client.ask(QUESTION, deadline=MUCH_S)
