from quorate_sampling.pacing.quantiles import quantile


def test_a_quantile_is_a_value_that_was_seen() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile(range(100), 0.95) == 95
    assert quantile([1.0], 0.95) == 1.0
