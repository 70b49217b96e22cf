"""The error tree, whole."""

import inspect
import re

import httpx2
import openai
import pytest

import quorate
from quorate import errors
from quorate.errors import QuorateError, typed

REQUEST = httpx2.Request("POST", "http://quorate.test/v1/chat/completions")
TREE = [
    error
    for _, error in inspect.getmembers(errors, inspect.isclass)
    if issubclass(error, QuorateError) and error is not QuorateError
]


def said(code: str | None, status: int) -> openai.APIStatusError:
    """What OpenAI's client makes of an error response."""
    body = {"message": "So.", "type": "t", "param": None, "code": code}
    response = httpx2.Response(status, request=REQUEST)
    return openai.APIStatusError("So.", response=response, body=body)


@pytest.mark.parametrize("error", TREE)
def test_the_docstring_draws_every_error_with_what_it_is_of_openais(
    error: type[QuorateError],
) -> None:
    [line] = re.findall(rf"── {error.__name__}\b(.*)", errors.__doc__ or "")
    of_openais = re.findall(r"openai\.(\w+)", line)
    assert of_openais == [base.__name__ for base in error.__bases__ if base is not QuorateError]


@pytest.mark.parametrize("error", TREE)
def test_every_error_is_there_to_be_caught(error: type[QuorateError]) -> None:
    assert getattr(quorate, error.__name__) is error


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("deadline_exceeded", 504, errors.DeadlineExceeded),
        ("deadline_infeasible", 400, errors.DeadlineInfeasible),
        ("calibration_missing", 400, errors.CalibrationMissing),
        ("model_not_found", 404, errors.ModelNotFound),
        ("overloaded", 503, errors.Overloaded),
        ("engine_unavailable", 503, errors.EngineUnavailable),
        ("engine_failed", 502, errors.EngineFailed),
        ("engine_error", 502, errors.EngineFailed),
        ("engine_denied", 502, errors.EngineFailed),
        ("group_failed", 502, errors.EngineFailed),
    ],
)
def test_the_envelopes_code_says_which(
    code: str, status: int, error: type[openai.APIError]
) -> None:
    made = typed(said(code, status))
    assert type(made) is error
    assert made.message == "So."
    assert getattr(made, "response", None) is not None


@pytest.mark.parametrize("code", [None, "route_not_found"])
def test_what_has_no_error_of_its_own_stays_openais(code: str | None) -> None:
    error = said(code, 404)
    assert typed(error) is error


def test_codes_of_the_server_are_known() -> None:
    """Each code that the server's tree has is mapped, or is one that OpenAI's errors tell well."""
    from quorate_server import errors as of_server

    left_to_openai = {
        None,
        "invalid_api_key",
        "not_supported_yet",
        "route_not_found",
        "method_not_allowed",
        "body_timeout",
        "body_too_large",
        "recording_unreadable",
        "profile_unreadable",
        "calibration_data_too_thin",
        "feedback_unknown_id",
        "feedback_not_recorded",
    }
    told = {
        error.code
        for _, error in inspect.getmembers(of_server, inspect.isclass)
        if issubclass(error, of_server.QuorateError)
    }
    mapped = {code for code in told if code and isinstance(typed(said(code, 500)), QuorateError)}
    assert told - mapped <= left_to_openai
