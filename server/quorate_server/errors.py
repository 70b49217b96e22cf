"""Quorate's error tree, whole.

    QuorateError                      500 server_error
    ├── EngineError                   502 engine_error
    │   ├── EngineUnavailable         503 engine_unavailable        may be retried
    │   ├── EngineFailed              502 engine_failed             may be retried
    │   │   └── EngineDenied          502 engine_denied
    │   ├── EngineRejected            4xx as the engine said
    │   └── GroupFailed               502 group_failed              may be retried
    ├── DeadlineError                 500 server_error
    │   ├── DeadlineInfeasible        400 deadline_infeasible
    │   └── DeadlineExceeded          504 deadline_exceeded
    ├── RequestError                  400 invalid_request_error
    │   ├── CalibrationMissing        400 calibration_missing
    │   ├── Unauthorized              401 invalid_api_key           authentication_error
    │   ├── ModelNotFound             404 model_not_found
    │   ├── RouteNotFound             404 route_not_found
    │   ├── FeedbackUnknownId         404 feedback_unknown_id
    │   ├── MethodNotAllowed          405 method_not_allowed
    │   ├── BodyTimeout               408 body_timeout
    │   └── BodyTooLarge              413 body_too_large
    ├── AnswerTypeInvalid             400 answer_type_invalid
    │   ├── PatternInvalid            400 pattern_invalid
    │   ├── LabelsInvalid             400 labels_invalid
    │   └── PointerInvalid            400 pointer_invalid
    ├── FieldsInvalid                 400 fields_invalid
    ├── DataError                     400 invalid_request_error     told on the command line
    │   ├── RecordingUnreadable       400 recording_unreadable      recorded groups
    │   ├── ProfileUnreadable         400 profile_unreadable        a calibration profile
    │   └── CalibrationDataTooThin    400 calibration_data_too_thin too few labelled answers
    ├── Overloaded                    503 overloaded                may be retried
    ├── FeedbackNotRecorded           503 feedback_not_recorded     may be retried
    ├── EmbeddingFailed               500 embedding_failed          costs a merge, not the request
    ├── StartupError                  500 server_error              an engine did not start
    ├── AskFailed                     500 server_error              told by `quorate ask`
    └── DrawingFailed                 500 server_error              told by `quorate calibrate`

Behind a class stand the status and the code that clients are told, or the type where there is none.
`quorate_server.envelope` is the one place that turns them into OpenAI's error envelope.
"""

from typing import ClassVar

from quorate_sampling.errors import (
    CalibrationDataTooThin,
    DataError,
    DeadlineError,
    DeadlineExceeded,
    DeadlineInfeasible,
    EngineDenied,
    EngineError,
    EngineFailed,
    EngineRejected,
    EngineUnavailable,
    GroupFailed,
    ProfileUnreadable,
    RecordingUnreadable,
)
from quorate_verifiers.errors import QuorateError


class RequestError(QuorateError):
    """The request is wrong; the message says how, `param` where."""

    status = 400
    type: ClassVar[str] = "invalid_request_error"

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message, param=param)
        if code is not None:
            self.code = code


class CalibrationMissing(RequestError):
    """`min_confidence` was asked for where nothing is calibrated."""

    code = "calibration_missing"


class Unauthorized(RequestError):
    """No API key, or a wrong one."""

    status = 401
    type: ClassVar[str] = "authentication_error"
    code = "invalid_api_key"


class ModelNotFound(RequestError):
    """No engine serves this model."""

    status = 404
    code = "model_not_found"


class RouteNotFound(RequestError):
    """There is nothing at this path."""

    status = 404
    code = "route_not_found"


class FeedbackUnknownId(RequestError):
    """Feedback on an answer that is not, or no longer, remembered."""

    status = 404
    code = "feedback_unknown_id"


class MethodNotAllowed(RequestError):
    """The path exists, the method does not."""

    status = 405
    code = "method_not_allowed"


class BodyTimeout(RequestError):
    """The request's body did not arrive in time."""

    status = 408
    code = "body_timeout"


class BodyTooLarge(RequestError):
    """The request's body is over the limit."""

    status = 413
    code = "body_too_large"


class Overloaded(QuorateError):
    """More work than fits; `retry_after_ms` says when to come back.

    `earliest_ms` is the budget that a deadline would have needed; None without a deadline.
    """

    status = 503
    type: ClassVar[str] = "service_unavailable"
    code = "overloaded"
    retryable: ClassVar[bool] = True

    def __init__(
        self, message: str, *, retry_after_ms: int = 1000, earliest_ms: int | None = None
    ) -> None:
        super().__init__(message)
        self.retry_after_ms = retry_after_ms
        self.earliest_ms = earliest_ms


class FeedbackNotRecorded(QuorateError):
    """Feedback was understood, but could not be written down (a full disk, say)."""

    status = 503
    type: ClassVar[str] = "service_unavailable"
    code = "feedback_not_recorded"
    retryable: ClassVar[bool] = True


class StartupError(QuorateError):
    """An engine did not start; one sentence, with the decisive lines of its log."""

    def __init__(self, message: str, *, log_lines: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.log_lines = log_lines


__all__ = [
    "BodyTimeout",
    "BodyTooLarge",
    "CalibrationDataTooThin",
    "CalibrationMissing",
    "DataError",
    "DeadlineError",
    "DeadlineExceeded",
    "DeadlineInfeasible",
    "EngineDenied",
    "EngineError",
    "EngineFailed",
    "EngineRejected",
    "EngineUnavailable",
    "FeedbackNotRecorded",
    "FeedbackUnknownId",
    "GroupFailed",
    "MethodNotAllowed",
    "ModelNotFound",
    "Overloaded",
    "ProfileUnreadable",
    "QuorateError",
    "RecordingUnreadable",
    "RequestError",
    "RouteNotFound",
    "StartupError",
    "Unauthorized",
]
