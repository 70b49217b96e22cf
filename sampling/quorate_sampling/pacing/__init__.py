"""Predicting an engine's pace: times to the first token and between tokens, under its load."""

from quorate_sampling.pacing.conditions import Conditions
from quorate_sampling.pacing.timing import Timing, Untimed

__all__ = ["Conditions", "Timing", "Untimed"]
