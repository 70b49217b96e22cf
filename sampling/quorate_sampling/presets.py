"""Named settings: how much a decision is worth, from thrifty to thorough."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Preset:
    """What a preset fills in where a request does not say: sample limits and the vote margin."""

    max_samples: int
    min_samples: int
    margin: int


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "fast": Preset(max_samples=8, min_samples=2, margin=2),
        "balanced": Preset(max_samples=16, min_samples=3, margin=3),
        "sure": Preset(max_samples=40, min_samples=4, margin=4),
    }
)
