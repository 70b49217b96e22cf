import pytest

from quorate_server.engines.refusal import refusal
from quorate_server.errors import EngineDenied, EngineFailed, EngineRejected, EngineUnavailable

VLLM_VALIDATION = (
    b"{\"error\":{\"message\":\"1 validation error:\\n  {'type': 'float_parsing', 'loc': "
    b"'body.temperature', 'msg': 'Input should be a valid number', 'input': 'x'}\","
    b'"type":"Bad Request","param":"body.temperature","code":400}}'
)


def test_vllms_validation_errors_become_a_sentence_and_a_param() -> None:
    error = refusal(400, VLLM_VALIDATION)
    assert isinstance(error, EngineRejected)
    assert error.message == "Input should be a valid number"
    assert (error.status, error.param, error.code) == (400, "temperature", None)


def test_an_error_of_the_client_keeps_status_and_message() -> None:
    body = b'{"error":{"message":"The model `x` does not exist.","param":"model","code":"nope"}}'
    error = refusal(404, body)
    assert isinstance(error, EngineRejected)
    assert (error.status, error.param, error.code) == (404, "model", "nope")
    assert error.message == "The model `x` does not exist."


@pytest.mark.parametrize("body", [b'{"error": "Unauthorized"}', b'{"detail": "Unauthorized"}'])
def test_a_refused_key_is_not_the_clients_fault(body: bytes) -> None:
    error = refusal(401, body)
    assert isinstance(error, EngineFailed)
    assert "Unauthorized" in error.message


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_not_worth_a_retry(status: int) -> None:
    error = refusal(status, b"{}")
    assert type(error) is EngineDenied
    assert (error.status, error.retryable, error.code) == (502, False, "engine_denied")
    assert EngineFailed("x").retryable


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (408, EngineUnavailable),
        (429, EngineUnavailable),
        (503, EngineUnavailable),
        (500, EngineFailed),
        (502, EngineFailed),
        (504, EngineFailed),
    ],
)
def test_other_statuses_speak_of_the_engine(status: int, kind: type[Exception]) -> None:
    assert type(refusal(status, b"<html>busy</html>")) is kind


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"error": null}', b"\xff\xfe"])
def test_no_body_is_too_odd(body: bytes) -> None:
    assert "418" in refusal(418, body).message or refusal(418, body).message
