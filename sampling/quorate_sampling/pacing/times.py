"""The times that are predicted of an engine, each with a cautious guess to start from."""

from quorate_sampling.pacing.conditions import first_token_features, load_features, token_features
from quorate_sampling.pacing.forecast import Forecast


def first_token_times() -> Forecast:
    """From sending a request to its first piece: 0.3 s at the 95th percentile to begin with."""
    return Forecast(
        first_token_features,
        costs=(0.15, 0.05, 0.01, 0.01, 0.05, 0.05),
        keeping=0.99,
        power=1.0,
        errors=(-0.5, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0),
    )


def token_times() -> Forecast:
    """Between two tokens of one sample, on average: 0.03 s to begin with."""
    return Forecast(
        token_features,
        costs=(0.015, 0.0005, 0.0),
        keeping=0.98,
        power=0.25,
        errors=(-0.02, 0.0, 0.0, 0.0, 0.0, 0.043, 0.043),
    )


def closing_times() -> Forecast:
    """From ordering a thought closed to the end of the forced answer."""
    return Forecast(
        load_features,
        costs=(0.3, 0.02),
        keeping=0.99,
        power=1.0,
        errors=(-0.5, 0.0, 0.0, 0.0, 0.0, 0.5, 0.5),
    )
