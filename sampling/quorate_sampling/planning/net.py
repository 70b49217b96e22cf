"""Closed-thought samples drawn beside thinking ones: there if nothing else is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from quorate_sampling.engine import Sample

NET = 2
SAMPLES_A_NET = 4
"""A net takes its places from the samples that are started at once: at most one of four."""


def net_size(at_once: int) -> int:
    """How many of the samples that a group starts at once make its net."""
    return min(NET, at_once // SAMPLES_A_NET)


@dataclass(slots=True)
class SafetyNet:
    """Closed-thought samples that are held back.

    Those of a group vote only where no sample that thought has an answer: beside those they win
    nothing and make the group look divided (docs/decisions/011). One that was not needed is
    reported as cancelled, and billed like any other. `on_end` is given each of them once: when that
    is known, or when the net is left.
    """

    on_end: Callable[[Sample], None] | None = None
    indices: frozenset[int] = frozenset()
    in_flight: int = 0
    """Its samples that `passes` was not told of."""
    _ended: dict[int, Sample] = field(default_factory=dict)
    _needed: set[int] = field(default_factory=set)

    def __enter__(self) -> "SafetyNet":
        return self

    def __exit__(self, *failure: object) -> None:
        for index in sorted(self._ended):
            if self.on_end is not None:
                self.on_end(self.told(self._ended[index]))

    def hold(self, indices: Iterable[int]) -> None:
        """Take these samples for the net; before any of them can have ended."""
        held = frozenset(indices)
        self.indices |= held
        self.in_flight += len(held)

    def catches(self, sample: Sample) -> bool:
        """Whether the sample, which has ended, is one of the net's."""
        if sample.index in self.indices:
            self._ended[sample.index] = sample
        return sample.index in self.indices

    def passes(self, sample: Sample) -> bool:
        """Whether the sample, which is about to be counted, is one of the net's, and is not."""
        if sample.index not in self.indices:
            return False
        self.in_flight -= 1
        return True

    def spread(self) -> tuple[Sample, ...]:
        """The samples it has caught, to be used after all."""
        self._needed |= self._ended.keys()
        return tuple(self._ended[index] for index in sorted(self._ended))

    def take(self, index: int) -> Sample | None:
        """That sample, to be used after all; None where it has not been answered."""
        sample = self._ended.get(index)
        if sample is None or sample.state != "finished":
            return None
        self._needed.add(index)
        return sample

    def told(self, sample: Sample) -> Sample:
        """A sample as it is reported."""
        unneeded = sample.index in self.indices and sample.index not in self._needed
        if unneeded and sample.state == "finished":
            return replace(sample, state="cancelled")
        return sample
