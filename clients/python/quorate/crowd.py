"""Callers leave a little before their deadlines where many are on their way together."""

from quorate.deadline import Deadline

LEAST_EACH_S = 0.0001
"""What each call under way may hold up the others. Measured on two cores: 0.03 ms for its caller's
way out, 0.1 ms for its share of a full garbage collection, which comes too rarely to be learned."""
MOST_EACH_S = 0.001
MOST_SHARE = 0.15
"""Of the budget, that a margin takes."""
GAIN = 1 / 8
LEARNED_FROM = 50
"""With fewer under way, a caller that is late says more of the moment than of the others."""
_LONGEST_S = 1e9


class Crowd:
    """The calls under way, and the margin by which their callers leave before the deadline.

    A deadline is when a call is over, so its caller leaves as much sooner as the others may hold it
    up: not at all when it is alone, by `MOST_SHARE` of its budget at the most. Threads share it
    without a lock, which a fork could leave locked for ever.
    """

    def __init__(self) -> None:
        self._under_way: list[None] = []
        self._each_s = LEAST_EACH_S

    def join(self) -> None:
        """A call begins."""
        self._under_way.append(None)

    def leave(self) -> None:
        """One has ended, and has been tidied up after."""
        self._under_way.pop()

    def late(self, late_s: float) -> None:
        """A caller has left that long after it was to."""
        callers = len(self._under_way)
        if callers < LEARNED_FROM:
            return
        seen_s = min(late_s / callers, MOST_EACH_S)
        self._each_s = max(LEAST_EACH_S, self._each_s + GAIN * (seen_s - self._each_s))

    def margin_s(self, limit: Deadline) -> float:
        """How much sooner than at its deadline a caller leaves, as things stand."""
        others = max(0, len(self._under_way) - 1)
        return min(others * self._each_s, _most_s(limit))

    def wait_s(self, limit: Deadline) -> float:
        """How long a caller waits until it asks again; none, or less, when it is to leave.

        Nobody is told before the longest margin begins: until then others come and go.
        """
        remaining_s = limit.remaining_s()
        until_margins_s = remaining_s - _most_s(limit)
        return until_margins_s if until_margins_s > 0 else remaining_s - self.margin_s(limit)


def _most_s(limit: Deadline) -> float:
    return MOST_SHARE * max(0.0, min(limit.budget_s, _LONGEST_S))
