"""What changes while training goes on, as functions of the share of it that is done (0 to 1)."""

from training.abacus.levels import LEVELS

__all__ = ["learning_rate", "level_weights"]

SHARES = {1: 0.6, 2: 0.8, 3: 0.8, 4: 1.6, 5: 1, 6: 0.8, 7: 1, 8: 0.5, 9: 0.3, 10: 1.4, 11: 0.25}
WARM_UP = 0.01
DECAY_FROM = 0.4


def learning_rate(progress: float) -> float:
    """A multiplier: up from 0 in the first 1 %, 1 up to two fifths, down to 0 at the end."""
    return min(1.0, progress / WARM_UP + 0.01, max(0.0, (1 - progress) / (1 - DECAY_FROM)))


def level_weights(progress: float) -> dict[int, float]:
    """How often each level is drawn: the easy ones first, all of them from a fifth onwards.

    Hard levels stay rarer because their thoughts are longer: the shares even out the tokens.
    """
    return {
        number: SHARES[number] * min(1.0, 0.03 + max(0.0, (progress - 0.015 * (number - 2)) / 0.05))
        for number in LEVELS
    }
