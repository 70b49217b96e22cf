import json

import pytest

from quorate_server.gateway.usage import find_usage


@pytest.mark.parametrize("indent", [None, 2])
def test_usage_is_found_with_its_details(indent: int | None) -> None:
    usage = {
        "prompt_tokens": 3,
        "prompt_tokens_details": {"cached_tokens": 1},
        "completion_tokens": 5,
        "completion_tokens_details": {"reasoning_tokens": 4},
        "cost": 0.5,
    }
    body = {"choices": [{"text": '"usage":{"prompt_tokens":99}'}], "usage": usage, "more": {"a": 1}}
    found = find_usage(json.dumps(body, indent=indent).encode())
    assert found is not None
    assert (found.prompt_tokens, found.completion_tokens, found.reasoning_tokens) == (3, 5, 4)


def test_the_last_of_several_counts() -> None:
    found = find_usage(
        b'{"usage":{"completion_tokens":1}} {"usage":{"completion_tokens":2}} {"usage":null}'
    )
    assert found is not None
    assert found.completion_tokens == 2


@pytest.mark.parametrize(
    "data",
    [b"", b'{"usage":null}', b'{"usage":{"prompt_tokens":"x"}}', b'{"usage":{"a"', b'"usage"'],
)
def test_where_there_is_none_there_is_none(data: bytes) -> None:
    assert find_usage(data) is None


def test_missing_details_count_as_no_reasoning() -> None:
    found = find_usage(b'{"usage":{"completion_tokens":1,"completion_tokens_details":null}}')
    assert found is not None
    assert found.reasoning_tokens == 0
