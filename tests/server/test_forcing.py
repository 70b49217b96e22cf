from typing import Any

import msgspec
import pytest

from quorate_sampling.closers import PreparedClosing
from quorate_server.forcing import why_not_forced
from quorate_server.gateway.incoming import Incoming
from quorate_server.job import CHAT_PATH, Job, read_job
from tests.server.scripted_gateway import chat

CLOSING = PreparedClosing((9, 2), (2,), last_words="", opener="")
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
IMAGE = [{"type": "image_url", "image_url": {"url": "data:,"}}]


def job(path: str = CHAT_PATH, **fields: Any) -> Job:
    body = msgspec.json.encode(chat(deadline_ms=1000, **fields))
    incoming = Incoming(path, (), body, arrived_at=0.0, request_id="q")
    return read_job(incoming, lambda model: model == "abacus", None)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (job(), None),
        (job(response_format={"type": "json_object"}), None),
        (job(tools=TOOLS), "tools"),
        (job(messages=[{"role": "user", "content": IMAGE}]), "media"),
        (job("/v1/completions", prompt="1+1="), "completion"),
        (job(deadline={"ms": 900, "on_miss": "error"}), "on_miss"),
    ],
)
def test_why_a_thought_is_not_turned_into_an_answer(asked: Job, why: str | None) -> None:
    assert why_not_forced(asked, CLOSING) == why


def test_a_model_that_nobody_knows_how_to_close_is_not_forced() -> None:
    assert why_not_forced(job(), None) == "no_closer"
