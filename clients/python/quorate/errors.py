"""What can go wrong for a caller, whole. Each is one of OpenAI's too where one fits, so that code
written for the `openai` package catches it unchanged.

    QuorateError
    ├── DeadlineExceeded      openai.APITimeoutError       no answer in time; `partial`
    ├── DeadlineInfeasible    openai.BadRequestError       could never be met; `earliest_ms`
    ├── CalibrationMissing    openai.BadRequestError       no `min_confidence` without calibration
    ├── ModelNotFound         openai.NotFoundError         no engine serves this model
    ├── Overloaded            openai.InternalServerError   too much to do; `retry_after_ms`
    ├── EngineUnavailable     openai.InternalServerError   no engine is ready
    ├── EngineFailed          openai.InternalServerError   the engine, or every sample, failed
    ├── LowConfidence                                      an answer, not sure enough; `answer`
    ├── NoDefaultModel                                     no `model` given, several served
    └── UnreadableAnswer                                   the response is none that Quorate sends

What else a server refuses stays OpenAI's own (`BadRequestError`, `AuthenticationError`, …).
"""

from math import isfinite
from typing import TYPE_CHECKING, Any

import openai

if TYPE_CHECKING:
    from httpx2 import Request, Response

    from quorate.answer import Answer


class QuorateError(Exception):
    """Any failure that Quorate reports. It can be pickled, and so cross to another process."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _made_again, (type(self), self.args, self.__dict__)


class DeadlineExceeded(QuorateError, openai.APITimeoutError):
    """The deadline passed, here or at the server (504), before there was an answer.

    `partial` is what the votes said by then, None when none had come; `response` the server's,
    None when it was this side whose time ran out.
    """

    def __init__(
        self,
        message: str,
        *,
        request: "Request",
        response: "Response | None" = None,
        partial: "Answer | None" = None,
    ) -> None:
        openai.APIConnectionError.__init__(self, message=message, request=request)
        self.response = response
        self.partial = partial


class DeadlineInfeasible(QuorateError, openai.BadRequestError):
    """Not even an idle engine could answer in this time. Not retried."""

    @property
    def earliest_ms(self) -> float | None:
        """What would have been possible, if the server says."""
        return header_number(self.response, "x-quorate-earliest-ms")


class CalibrationMissing(QuorateError, openai.BadRequestError):
    """`min_confidence` was asked for where no calibration covers the model and the question."""


class ModelNotFound(QuorateError, openai.NotFoundError):
    """No engine serves this model."""


class Overloaded(QuorateError, openai.InternalServerError):
    """The server has more to do than fits; retried while there is time."""

    @property
    def retry_after_ms(self) -> float | None:
        """When to come back, if the server says."""
        return header_number(self.response, "retry-after-ms")

    @property
    def earliest_ms(self) -> float | None:
        """What would be possible as busy as it is, if the server says."""
        return header_number(self.response, "x-quorate-earliest-ms")


class EngineUnavailable(QuorateError, openai.InternalServerError):
    """No engine is ready; retried while there is time."""


class EngineFailed(QuorateError, openai.InternalServerError):
    """The engine failed, or every sample of the group did; retried while there is time."""


class LowConfidence(QuorateError):
    """The answer's confidence is unknown or below the `min_confidence` that was asked for."""

    def __init__(self, answer: "Answer", wanted: float) -> None:
        sure = "unknown" if answer.confidence is None else f"{answer.confidence:.0%}"
        super().__init__(f"The answer's confidence is {sure}; {wanted:.0%} was asked for.")
        self.answer = answer
        self.wanted = wanted


class NoDefaultModel(QuorateError):
    """`model` was left out, and the server does not serve exactly one."""


class UnreadableAnswer(QuorateError):
    """The response is none that Quorate sends."""


def _made_again(kind: type[QuorateError], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    """An error as it was; its own constructor asks for more than pickle remembers."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


_BY_CODE: dict[str, type[openai.APIStatusError]] = {
    "deadline_infeasible": DeadlineInfeasible,
    "calibration_missing": CalibrationMissing,
    "model_not_found": ModelNotFound,
    "overloaded": Overloaded,
    "engine_unavailable": EngineUnavailable,
    "engine_failed": EngineFailed,
    "engine_error": EngineFailed,
    "engine_denied": EngineFailed,
    "group_failed": EngineFailed,
}


def typed(error: openai.APIError, response: "Response | None" = None) -> openai.APIError:
    """An error of the envelope's `code` for what OpenAI's client raised; itself where none fits.

    `response` is given for an error that came inside a stream.
    """
    if isinstance(error, QuorateError):
        return error
    response = getattr(error, "response", response)
    if response is None or error.code is None:
        return error
    if error.code == "deadline_exceeded":
        return DeadlineExceeded(error.message, request=error.request, response=response)
    kind = _BY_CODE.get(error.code)
    return error if kind is None else kind(error.message, response=response, body=error.body)


def header_number(response: Any, name: str) -> float | None:
    """A header's number, None where it is missing or none."""
    try:
        number = float("" if response is None else response.headers.get(name, ""))
    except ValueError:
        return None
    return number if isfinite(number) else None
