import json
from typing import Any

import pytest

from quorate_server.gateway.outgoing import engine_body, engine_headers
from quorate_server.gateway.peek import peek


def sent(body: bytes, *, model: str = "m", ask_usage: bool = False) -> bytes:
    return engine_body(body, peek(body), model=model, ask_usage=ask_usage)


def test_a_body_that_needs_nothing_is_not_touched() -> None:
    body = b' {"model":"m",  "vllm_xargs": {"new": [1.50, "\\u00e9"]} }'
    assert sent(body) is body


def test_usage_is_asked_for_without_touching_the_rest() -> None:
    body = b'  {"model":"m", "stream":true, "x": 1.50}'
    assert sent(body, ask_usage=True) == (
        b'  {"stream_options":{"include_usage":true},"model":"m", "stream":true, "x": 1.50}'
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("null", {"include_usage": True}),
        ("{}", {"include_usage": True}),
        ('{"include_usage": false}', {"include_usage": True}),
        ('{"other": [1]}', {"include_usage": True, "other": [1]}),
        ('{"include_usage": false, "continuous_usage_stats": true}', {"include_usage": True}),
    ],
)
def test_options_of_a_stream_are_kept(options: str, expected: dict[str, Any]) -> None:
    body = f'{{"model":"m","stream":true,"stream_options":{options},"x":1.50}}'.encode()
    changed = sent(body, ask_usage=True)
    assert json.loads(changed)["stream_options"] == expected
    assert b"1.50" in changed


@pytest.mark.parametrize("body", [b'{"messages":[]}', b'{"model":null,"messages":[]}'])
def test_a_missing_model_is_filled_in(body: bytes) -> None:
    assert json.loads(sent(body, model='a"b')) == {"model": 'a"b', "messages": []}


def test_the_word_model_elsewhere_is_no_model() -> None:
    body = b'{"messages":[{"content":"x","model":1}]}'
    assert json.loads(sent(body)) == {"model": "m", "messages": [{"content": "x", "model": 1}]}


@pytest.mark.parametrize("field", ["consensus", "deadline", "deadline_ms"])
def test_our_fields_never_reach_an_engine(field: str) -> None:
    body = f'{{"{field}":null,"model":"m","x":1.50,"{field}":null}}'.encode()
    assert sent(body) == b'{"model":"m","x":1.50}'


def test_our_fields_are_found_under_escaped_names() -> None:
    assert sent(rb'{"model":"m","\u0063onsensus":null}') == b'{"model":"m"}'


def test_few_of_the_clients_headers_go_on_and_never_its_key() -> None:
    found = {
        b"authorization": b"Bearer client",
        b"content-length": b"3",
        b"content-type": b"application/json; charset=utf-8",
        b"traceparent": b"00-1-2-01",
        b"x-quorate-deadline-ms": b"5",
    }
    assert engine_headers(found, "q-1", [(b"authorization", b"Bearer engine")]) == [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"x-request-id", b"q-1"),
        (b"authorization", b"Bearer engine"),
        (b"traceparent", b"00-1-2-01"),
    ]
