"""A deadline, and what became of the plan for it, in the words of the wire contract."""

from typing import Any

from quorate_sampling.deadline import Deadline
from quorate_sampling.planning import Course


def deadline_told(
    deadline: Deadline,
    course: Course | None,
    *,
    forced: int,
    queued_s: float = 0.0,
    not_forced: str | None = None,
) -> dict[str, Any]:
    """The response's `deadline` object as of now; times in milliseconds."""
    told: dict[str, Any] = {
        "budget_ms": round(deadline.budget_s * 1000),
        "elapsed_ms": round(deadline.elapsed_s() * 1000),
        "met": deadline.remaining_s() >= 0,
        "forced": forced,
        "queued_ms": round(queued_s * 1000),
        "plan": None if course is None else plan_told(course),
    }
    return told if not_forced is None else {**told, "not_forced": not_forced}


def plan_told(course: Course) -> dict[str, Any] | None:
    """The plan as it was made, and how many samples were started by it; None before there is one.

    `thinking_tokens` is how long a thought was expected to get.
    """
    first = course.first
    if first is None:
        return None
    return {
        "mode": first.mode,
        "samples": course.started,
        "thinking_tokens": first.thinking_tokens,
        "closed": course.closed,
        "waves": first.waves,
        "replanned": course.replanned,
    }


def course_told(course: Course, deadline: Deadline) -> list[dict[str, Any]]:
    """Every step of the plan, for a trace: when it was made, and why; times since the request's
    first byte, in milliseconds."""

    def ms(at: float) -> int:
        return round((at - deadline.started_at) * 1000)

    return [
        {
            "at_ms": ms(step.at),
            "mode": step.plan.mode,
            "start": step.plan.samples,
            "net": step.plan.net,
            "thinking_tokens": step.plan.thinking_tokens,
            "close_at_ms": ms(step.plan.close_at),
            "end_at_ms": ms(step.plan.end_at),
            "why": step.plan.why,
        }
        for step in course.steps
    ]
