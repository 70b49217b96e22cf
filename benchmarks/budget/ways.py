"""Ways to spend a time budget, from the wire: each is a request with a field or two more."""

from benchmarks.deadline.systems import System

GROUP = 4

FORCED = System("forced", "gateway")
"""One sample, whose thought is closed in time."""
CLOSED = System(
    f"closed-thought, {GROUP} vote",
    "gateway",
    {"chat_template_kwargs": {"enable_thinking": False}, "consensus": {"max_samples": GROUP}},
)
"""Samples that do not think at all, side by side."""
RACED = System(f"raced, up to {GROUP}", "gateway", {"consensus": {"max_samples": GROUP}})
"""As Quorate plans a group: closed thoughts, thoughts beside them, or whole samples one by one."""
TRUNCATED = System("truncated", "engine")
"""The stock engine, whose client leaves when the time is up."""
WHOLE = System("whole, no limit", "engine")
"""The stock engine, and all the time it wants."""

BOUND = (FORCED, CLOSED, RACED, TRUNCATED)
"""The ways that have a budget."""
