"""How true the stated confidence has been of late, by what people said of the answers."""

from collections import OrderedDict
from dataclasses import dataclass

WINDOW = 500
"""Feedbacks that count, of each model and profile."""


@dataclass(frozen=True, slots=True)
class Drift:
    """Stated confidence against feedback, over a window.

    `excess` is the mean confidence less the share of right answers: above 0 where the server is
    too sure. `brier` is the mean squared error of the confidence (Brier 1950), 0 at best.
    """

    feedbacks: int
    excess: float
    brier: float


class DriftWindow:
    """The latest feedbacks on answers that stated a confidence; the last on an answer counts."""

    def __init__(self, size: int = WINDOW) -> None:
        self._size = size
        self._latest: OrderedDict[str, tuple[float, bool]] = OrderedDict()

    def add(self, request_id: str, confidence: float, *, correct: bool) -> None:
        """Take in what was said of one answer."""
        self._latest.pop(request_id, None)
        self._latest[request_id] = (confidence, correct)
        if len(self._latest) > self._size:
            self._latest.popitem(last=False)

    def drift(self) -> Drift:
        """The drift over the window, which has at least one feedback."""
        said = self._latest.values()
        return Drift(
            feedbacks=len(said),
            excess=sum(confidence - correct for confidence, correct in said) / len(said),
            brier=sum((confidence - correct) ** 2 for confidence, correct in said) / len(said),
        )
