from benchmarks.deadline.capacity import Speed
from benchmarks.deadline.cells import Stand
from benchmarks.deadline.questions import simulated
from benchmarks.deadline.tuning import SHARES, tuned_max_tokens
from tests.benchmarks.simulated.serving import simulated_engine


def test_each_budget_gets_a_limit_of_those_that_were_tried() -> None:
    speed = Speed(first_token_s=0.02, token_s=0.008)
    budgets = (0.2, 0.4)
    with simulated_engine() as url:
        stand = Stand("simulated", url, url, simulated, 16, 0.05)
        limits = tuned_max_tokens(stand, speed, capacity=10.0, budgets_s=budgets, seconds=0.5)
    for budget in budgets:
        tried = [int(share * speed.tokens_within(budget)) for share in SHARES]
        assert limits[budget] in tried
