"""Weights from a confidence, sharpened within the group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import ClassVar, Literal

from quorate_sampling.parameters import between
from quorate_sampling.reading import Reading
from quorate_sampling.softmax import softmax
from quorate_sampling.votes import Vote
from quorate_sampling.voting.logprob import probability
from quorate_sampling.voting.verified import probable
from quorate_sampling.voting.weighted import Score, weighted

HIGHEST_TEMPERATURE = 1000.0

_SCORES: Mapping[str, Score] = MappingProxyType(
    {
        "probability": probability,
        "stated": lambda reading: probable(reading.stated),
        "verified": lambda reading: probable(reading.verified),
    }
)


@dataclass(frozen=True, slots=True)
class Cisc:
    """Confidence-informed self-consistency (Taubenfeld et al. 2025, arXiv:2502.06233).

    Sample i weighs softmax(c_i / T) over the group. c is one `score` for all of them, 0 to 1:
    `probability`, the paper's response probability, exp of the mean log-probability; `stated`, its
    verbal confidence; `verified`, a verifier's, the paper's P(True) where the model judges itself.

    At `temperature` T one that is surer by T weighs e times as much: a large T makes it a majority,
    a small one follows the surest sample. The paper fits T to each model and score, and a replay
    can; the default is a guess for scores that differ by tenths.
    """

    name: ClassVar[str] = "cisc"

    temperature: float = 0.1
    score: Literal["probability", "stated", "verified"] = "probability"

    def __post_init__(self) -> None:
        between("temperature", self.temperature, 0, HIGHEST_TEMPERATURE)
        if self.score not in tuple(_SCORES):
            raise ValueError(f"`score` must be one of {', '.join(_SCORES)}, not {self.score!r}")

    @property
    def top_logprobs(self) -> int | None:
        return 0 if self.score == "probability" else None

    def count(self, readings: Sequence[Reading]) -> tuple[Vote, ...]:
        return weighted(
            readings, _SCORES[self.score], partial(softmax, temperature=self.temperature)
        )
