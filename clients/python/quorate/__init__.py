"""Quorate's client SDK: OpenAI's clients, with answers that have a confidence and come in time.

    from quorate import Quorate

    answer = Quorate().ask("What is 12+34?", samples=16, deadline=3.5)
    answer.value, answer.confidence        # 46, 0.93

It needs nothing of the server's packages.
"""

from quorate._version import __version__
from quorate.answer import Answer, Cost, FieldAnswer, LabelScore, Number, Timings, Vote
from quorate.async_client import AsyncQuorate
from quorate.client import Quorate
from quorate.deadline import Deadline, current_deadline, deadline
from quorate.errors import (
    CalibrationMissing,
    DeadlineExceeded,
    DeadlineInfeasible,
    EngineFailed,
    EngineUnavailable,
    LowConfidence,
    ModelNotFound,
    NoDefaultModel,
    Overloaded,
    QuorateError,
    UnreadableAnswer,
)
from quorate.expiry import expired
from quorate.wishes import Wishes

__all__ = [
    "Answer",
    "AsyncQuorate",
    "CalibrationMissing",
    "Cost",
    "Deadline",
    "DeadlineExceeded",
    "DeadlineInfeasible",
    "EngineFailed",
    "EngineUnavailable",
    "FieldAnswer",
    "LabelScore",
    "LowConfidence",
    "ModelNotFound",
    "NoDefaultModel",
    "Number",
    "Overloaded",
    "Quorate",
    "QuorateError",
    "Timings",
    "UnreadableAnswer",
    "Vote",
    "Wishes",
    "__version__",
    "current_deadline",
    "deadline",
    "expired",
]
