"""What a client can make of the response to its request, and whether it was in time."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.deadline.cells import Served

REFUSED = (400, 503)
"""Deadlines that cannot be met ever, and not under this load."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A request and what its client can make of the response.

    `content` is "" where there was none. `told_late` is Quorate's own word: `deadline.met` is
    false. `mode` is that of its plan. Seconds are those of the `Outcome`.
    """

    budget_s: float
    status: int
    content: str
    right: bool
    server_s: float
    client_s: float
    late_s: float
    tokens: int
    forced: bool
    told_late: bool
    mode: str | None

    @property
    def whole(self) -> bool:
        """Whether any response was given, an error included."""
        return self.status != 0

    @property
    def answered(self) -> bool:
        """An answer, and within its budget."""
        return self.status == 200 and bool(self.content) and self.server_s <= self.budget_s

    @property
    def thought_until_closed(self) -> bool:
        """Whether thinking was ended for time. Closed from the start, it could have used none."""
        return self.forced and self.mode != "closed"

    @property
    def refused(self) -> bool:
        return self.status in REFUSED

    @property
    def late_at_server(self) -> bool:
        """Invariant 1, broken: whatever the response was, it was handed over after the deadline."""
        return self.whole and self.server_s > self.budget_s

    @property
    def late_at_client(self) -> bool:
        return self.whole and self.client_s > self.budget_s


def replies(served: Iterable[Served]) -> list[Reply]:
    """Every request's response, read."""
    return [_reply(one) for one in served]


def _reply(served: Served) -> Reply:
    outcome, arrival = served.outcome, served.arrival
    told = _json(outcome.body)
    choices = told.get("choices") or [{}]
    content = (choices[0].get("message") or {}).get("content") or ""
    deadline = told.get("deadline") or {}
    plan = deadline.get("plan") or {}
    return Reply(
        budget_s=arrival.budget_s,
        status=outcome.status,
        content=content,
        right=bool(content) and served.asked.is_right(content),
        server_s=outcome.server_s,
        client_s=outcome.client_s,
        late_s=outcome.late_s,
        tokens=(told.get("usage") or {}).get("completion_tokens", 0),
        forced=bool(deadline.get("forced")),
        told_late=deadline.get("met") is False,
        mode=plan.get("mode"),
    )


def _json(body: str) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
