"""When to stop sampling, and how many samples to keep in flight until then.

A rule is asked whenever a sample finishes, not at the end of a wave: waves wait for their slowest
sample. What is still in flight counts as unknown (see `lead_survival`), because short samples
finish first and vote differently from long ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from quorate_sampling.stability import lead_stability, lead_survival


@dataclass(frozen=True, slots=True)
class Standing:
    """The votes as they stand.

    `leading` and `runner_up` are the two highest counts; `finished` counts every sample that
    ended, unparsed ones included; `in_flight` those being drawn.
    """

    leading: int
    runner_up: int
    finished: int
    in_flight: int
    min_samples: int
    max_samples: int

    @property
    def lead(self) -> int:
        return self.leading - self.runner_up

    @property
    def settled(self) -> bool:
        """Whether nothing that may still be drawn can overturn the leader."""
        return self.leading > 0 and self.lead > self.max_samples - self.finished


@dataclass(frozen=True, slots=True)
class Decided:
    """The leader stands: draw no more."""


@dataclass(frozen=True, slots=True)
class Continue:
    """Not decided: keep `in_flight` samples being drawn, as far as `max_samples` allows."""

    in_flight: int


Judgement = Decided | Continue


class StoppingRule(Protocol):
    """Judges a standing. Has no state of its own: the same standing, the same judgement."""

    @property
    def name(self) -> str: ...

    def judge(self, standing: Standing) -> Judgement: ...


@dataclass(frozen=True, slots=True)
class DrawAll:
    """No early stop: all samples are drawn, at once."""

    name: str = "none"

    def judge(self, standing: Standing) -> Judgement:
        return Continue(in_flight=standing.max_samples)


@dataclass(frozen=True, slots=True)
class Margin:
    """Decided when the leader is `margin` votes ahead, and likely to stay so.

    While it is not, about `width` samples are kept in flight for each vote still missing: with
    less than one a vote the wait is long, with more the tokens are wasted. `survival` is the
    least probability with which the lead outlasts what is in flight.
    """

    margin: int = 3
    width: float = 2.0
    survival: float = 0.95
    start: int = 4
    name: str = "margin"

    def judge(self, standing: Standing) -> Judgement:
        if standing.finished >= standing.min_samples and (
            standing.settled
            or (
                standing.lead >= self.margin
                and lead_survival(standing.leading, standing.runner_up, standing.in_flight)
                >= self.survival
            )
        ):
            return Decided()
        if standing.finished == 0:
            return Continue(max(self.start, standing.min_samples))
        missing = max(1, self.margin - standing.lead, standing.min_samples - standing.finished)
        return Continue(max(1, round(self.width * missing)))


@dataclass(frozen=True, slots=True)
class Beta:
    """Decided when the leader's stability reaches `threshold` (Adaptive-Consistency).

    The posterior behind it holds for any number of samples still unknown, those in flight among
    them; `width` are kept in flight.
    """

    threshold: float = 0.95
    width: int = 4
    name: str = "beta"

    def judge(self, standing: Standing) -> Judgement:
        if standing.finished >= standing.min_samples and (
            standing.settled
            or lead_stability(standing.leading, standing.runner_up) >= self.threshold
        ):
            return Decided()
        return Continue(max(self.width, standing.min_samples - standing.finished))


@dataclass(frozen=True, slots=True)
class AllAtOnce:
    """Another rule's decision, with everything launched at the start: for when time is short."""

    rule: StoppingRule

    @property
    def name(self) -> str:
        return self.rule.name

    def judge(self, standing: Standing) -> Judgement:
        judgement = self.rule.judge(standing)
        return judgement if isinstance(judgement, Decided) else Continue(standing.max_samples)


RULES: Mapping[str, type[DrawAll] | type[Margin] | type[Beta]] = MappingProxyType(
    {"none": DrawAll, "margin": Margin, "beta": Beta}
)
"""The rules by the name a request asks for them with."""
