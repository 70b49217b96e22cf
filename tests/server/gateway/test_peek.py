from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate_server.errors import RequestError
from quorate_server.gateway.peek import peek


def test_only_our_fields_are_read() -> None:
    found = peek(
        b'{"messages": [{"role": "user"}], "stream": true, "model": "m", "n": 2,'
        b' "stream_options": {"include_usage": true, "x": 1}, "consensus": {"max_samples": 4}}'
    )
    assert (found.model, found.stream, found.n, found.wants_usage) == ("m", True, 2, True)
    assert bytes(found.consensus) == b'{"max_samples": 4}'


@pytest.mark.parametrize("field", ["consensus", "deadline", "deadline_ms"])
def test_null_asks_for_nothing_but_is_there(field: str) -> None:
    absent, null, given_ = (
        peek(body.encode()) for body in ("{}", f'{{"{field}": null}}', f'{{"{field}": 3}}')
    )
    assert (absent.names_our_fields, absent.asks_for_more) == (False, False)
    assert (null.names_our_fields, null.asks_for_more) == (True, False)
    assert not peek(b'{"consensus": false}').asks_for_more
    assert (given_.names_our_fields, given_.asks_for_more) == (True, True)


def test_a_field_whose_name_is_escaped_is_the_same_field() -> None:
    assert peek(rb'{"\u0063onsensus": true}').asks_for_more


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"model": 3}', "model"),
        (b'{"stream": "true"}', "stream"),
        (b'{"n": "2"}', "n"),
        (b'{"stream_options": []}', "stream_options"),
        (b'{"stream_options": {"include_usage": 1}}', "stream_options.include_usage"),
        (b"[1]", None),
        (b'"text"', None),
        (b"null", None),
    ],
)
def test_a_wrong_type_names_its_field(body: bytes, param: str | None) -> None:
    with pytest.raises(RequestError) as caught:
        peek(body)
    assert (caught.value.status, caught.value.param) == (400, param)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b'{"a": tru}', r"byte \d"),
        (b'{"a": 1} x', r"byte \d"),
        (b'{"a": ', "byte 6"),
        (b"", "empty"),
        (b'{"model": "\xff"}', "UTF-8"),
        (b'{"a": ' + b"[" * 200_000, "deeply"),
        (b'{"a": NaN}', "byte 6"),
    ],
)
def test_malformed_json_says_where(body: bytes, where: str) -> None:
    with pytest.raises(RequestError, match=where):
        peek(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(RequestError):
        peek(body)
