from typing import Any

import msgspec
import pytest

from quorate_server.errors import RequestError
from quorate_server.gateway.incoming import Incoming
from quorate_server.job import CHAT_PATH, HEADROOM, Job, read_job

TEXT_PATH = "/v1/completions"


def job(body: bytes | dict[str, Any], path: str = CHAT_PATH) -> Job:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    incoming = Incoming(path, (), raw, arrived_at=0.0, request_id="q-1")
    return read_job(incoming, lambda model: model == "m", "m")


def with_field(field: bytes) -> bytes:
    return b'{"model":"m","messages":[],"consensus":true,%s}' % field


def test_what_is_ours_stays_here_and_the_rest_is_for_the_engine() -> None:
    read = job(with_field(b'"n":2,"stream":true,"temperature":0.5'))
    assert read.body == {"model": "m", "messages": [], "temperature": 0.5}
    assert (read.n, read.stream) == (2, True)


@pytest.mark.parametrize(
    "body",
    [
        with_field(b'"temperature":1e999'),
        with_field(b'"user":"\xff"'),
        with_field(b'"user":"\\ud800"'),
        with_field(b'"x":' + b"[" * 20_000 + b"]" * 20_000),
        with_field(b'"deadline_ms":1' + b"0" * 400),
        with_field(b'"x":1' + b"0" * 5000),
        with_field(b'"x":'),
        b"[]",
    ],
)
def test_a_body_that_cannot_be_read_is_the_clients_fault(body: bytes) -> None:
    with pytest.raises(RequestError) as refused:
        job(body)
    assert refused.value.status == 400


def test_no_body_that_is_read_is_nested_too_deeply_to_be_written() -> None:
    def nested(levels: int) -> bytes:
        return with_field(b'"x":' + b"[" * levels + b"]" * levels)

    accepted = 0
    for levels in range(100, 1000, 10):
        try:
            body = job(nested(levels)).body
        except RequestError:
            continue
        accepted += 1
        encode_further_down(body, HEADROOM // 2)
    assert accepted


def encode_further_down(body: object, frames: int) -> None:
    if frames:
        encode_further_down(body, frames - 1)
    else:
        msgspec.json.encode(body)


def text(**fields: Any) -> dict[str, Any]:
    return {"model": "m", "prompt": "2+2=", "deadline_ms": 500, **fields}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"prompt": ["a", "b"]}, "prompt"),
        ({"prompt": [[1, 2], [3]]}, "prompt"),
        ({"echo": True}, "echo"),
        ({"best_of": 3}, "best_of"),
        ({"suffix": "end"}, "suffix"),
        ({"logprobs": 0}, "logprobs"),
    ],
)
def test_what_a_deadline_does_not_allow_is_refused_by_name(
    fields: dict[str, Any], param: str
) -> None:
    with pytest.raises(RequestError, match=f"`{param}`") as refused:
        job(text(**fields), TEXT_PATH)
    assert (refused.value.status, refused.value.param) == (400, param)


@pytest.mark.parametrize(
    "fields",
    [{}, {"prompt": [1, 2]}, {"echo": False, "best_of": 1, "suffix": None, "n": 2}],
)
def test_a_text_completion_in_time_may_ask_for_the_rest(fields: dict[str, Any]) -> None:
    read = job(text(**fields), TEXT_PATH)
    assert not read.chat
    assert read.limit is not None
