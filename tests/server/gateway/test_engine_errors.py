import json
from typing import Any

import pytest

from quorate_server.errors import Overloaded
from quorate_server.gateway.engine_errors import engine_error, engine_error_event


@pytest.mark.parametrize("status", [401, 403])
def test_credentials_that_an_engine_refuses_are_the_gateways(status: int) -> None:
    error = engine_error(status, b'{"error": "Unauthorized"}')
    assert error.status == 502
    assert error.type != "authentication_error"


@pytest.mark.parametrize(
    ("status", "body", "message", "param", "code"),
    [
        (400, {"error": {"message": "a", "param": "n", "code": 400}}, "a", "n", None),
        (400, {"error": {"message": "b", "code": "too_long"}}, "b", None, "too_long"),
        (404, {"error": {"message": "c", "param": "model"}}, "c", "model", "model_not_found"),
        (422, {"detail": "d"}, "d", None, None),
        (413, {"object": "error", "message": "e", "code": 413}, "e", None, None),
    ],
)
def test_what_the_client_can_mend_keeps_its_status(
    status: int, body: dict[str, Any], message: str, param: str | None, code: str | None
) -> None:
    error = engine_error(status, json.dumps(body).encode())
    assert (error.status, error.message, error.param, error.code) == (status, message, param, code)
    assert error.type == "invalid_request_error"


@pytest.mark.parametrize(("status", "told"), [(500, 502), (502, 502), (503, 503), (504, 502)])
def test_an_engines_failure_is_a_gateway_error(status: int, told: int) -> None:
    assert engine_error(status, b'{"error": {"message": "boom"}}').status == told


@pytest.mark.parametrize(
    "body",
    [
        b"<html><h1>502 Bad Gateway</h1></html>",
        b"Internal Server Error",
        b"",
        b"\xff\xfe",
        b'{"error": {"message": "Traceback (most recent call last): File x"}}',
        b'["a"]',
        b'{"error": ' + b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("status", [302, 400, 500])
def test_what_is_not_an_error_object_is_not_shown(status: int, body: bytes) -> None:
    error = engine_error(status, body)
    assert error.status == (400 if status == 400 else 502)
    assert str(status) in error.message
    assert "<" not in error.message
    assert "Traceback" not in error.message


def test_a_rate_limit_is_passed_on_with_its_time() -> None:
    error = engine_error(429, b'{"error": {"message": "slow"}}', [(b"retry-after", b"7")])
    assert isinstance(error, Overloaded)
    assert (error.status, error.retry_after_ms, error.retryable) == (429, 7000, True)


def test_a_date_as_retry_after_is_passed_over() -> None:
    error = engine_error(429, b"{}", [(b"retry-after", b"Wed, 21 Oct 2026 07:28:00 GMT")])
    assert isinstance(error, Overloaded)
    assert error.retry_after_ms == 1000


def test_an_error_inside_a_stream_carries_its_status_inside() -> None:
    assert engine_error_event({"error": {"message": "x", "code": 400}}).status == 400
    assert engine_error_event({"error": {"message": "x", "code": "odd"}}).status == 502
    assert engine_error_event({"error": "text"}).status == 502
