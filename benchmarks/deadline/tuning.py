"""Setting `max_tokens` by hand, as well as it can be done.

What an idle engine draws within a budget is measured; of a few shares of that the best is taken,
budget by budget: the one with the most right answers in time at half of the engine's capacity.
"""

from collections.abc import Mapping, Sequence

from benchmarks.deadline.arrivals import poisson
from benchmarks.deadline.capacity import Speed
from benchmarks.deadline.cells import Stand, run
from benchmarks.deadline.reply import replies
from benchmarks.deadline.systems import tuned

SHARES = (0.5, 0.7, 0.9)
AT_LOAD = 0.5


def tuned_max_tokens(
    stand: Stand, speed: Speed, capacity: float, budgets_s: Sequence[float], seconds: float
) -> Mapping[float, int]:
    """The best `max_tokens` for each budget; `seconds` for each share that is tried."""
    arrivals = poisson(AT_LOAD * capacity, seconds, seed=2, budgets_s=budgets_s)
    right: dict[float, dict[int, int]] = {budget: {} for budget in budgets_s}
    for share in SHARES:
        limits = {b: max(1, int(share * speed.tokens_within(b))) for b in budgets_s}
        for reply in replies(run(stand, tuned(limits), arrivals).served):
            limit = limits[reply.budget_s]
            found = right[reply.budget_s]
            found[limit] = found.get(limit, 0) + (reply.answered and reply.right)
    # Of equals the largest: it is cut short least often.
    return {
        budget: max(found, key=lambda limit: (found[limit], limit), default=1)
        for budget, found in right.items()
    }
