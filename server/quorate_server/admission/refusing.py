"""What a request is told that is not let in."""

from collections.abc import Mapping
from math import ceil

from quorate_server.admission.demand import Demand
from quorate_server.admission.waits import Refusal
from quorate_server.errors import Overloaded

LEAST_RETRY_MS = 50
REASONS: Mapping[Refusal, str] = {
    "overloaded": "The engine is too busy to answer in time.",
    "queue_full": "{queue} requests wait for the engine already.",
    "waited_in_vain": "The engine did not become free in time.",
}


def refusal(
    reason: Refusal, demand: Demand, *, now: float, end: float, max_queue: int
) -> Overloaded:
    """The error to raise; `end` is when its samples would end, were it let in behind all others.

    Who waited in vain is told no budget that would have been enough: it rested on a forecast that
    failed.
    """
    message = REASONS[reason].format(queue=max_queue)
    if demand.end_by is None:
        return Overloaded(message, retry_after_ms=_milliseconds(end - now))
    retry_after_ms = max(LEAST_RETRY_MS, _milliseconds(end - demand.end_by))
    if reason == "waited_in_vain":
        return Overloaded(message, retry_after_ms=retry_after_ms)
    earliest_ms = _milliseconds(demand.budget_s(end))
    return Overloaded(
        f"{message} It could have answered in about {earliest_ms} ms.",
        retry_after_ms=retry_after_ms,
        earliest_ms=earliest_ms,
    )


def _milliseconds(seconds: float) -> int:
    return max(1, ceil(seconds * 1000))
