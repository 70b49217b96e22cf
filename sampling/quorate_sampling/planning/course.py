"""The course of a drawing: its plans as they were made, first to last."""

from dataclasses import dataclass, field

from quorate_sampling.planning.plan import Plan

SAME_S = 0.02
SAME_SHARE = 0.05
"""A closing time that moves by less than both, seconds and share of the time left, is the same."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and when it was made, in seconds of the drawing's clock."""

    at: float
    plan: Plan


@dataclass(slots=True)
class Course:
    """What was planned and planned anew.

    `steps` has the first plan and each that differs from the one before in its mode or its closing
    time; what is merely started next by the same plan adds none. `started` counts the samples that
    were started by them, `closed` those of them whose thought was closed from the start.
    """

    steps: list[Planned] = field(default_factory=list)
    started: int = 0
    closed: int = 0

    def take(self, at: float, plan: Plan) -> None:
        """Note a plan that is carried out from `at` on."""
        self.started += plan.samples + plan.net
        self.closed += plan.closed
        if not self.steps or self._differs(self.steps[-1], plan, at):
            self.steps.append(Planned(at, plan))

    @property
    def first(self) -> Plan | None:
        """The plan as it was at first; None without a deadline, or before there was one."""
        return self.steps[0].plan if self.steps else None

    @property
    def last(self) -> Plan | None:
        """The plan as it stands."""
        return self.steps[-1].plan if self.steps else None

    @property
    def replanned(self) -> int:
        """How often facts changed the plan."""
        return max(0, len(self.steps) - 1)

    def _differs(self, last: Planned, plan: Plan, at: float) -> bool:
        moved = abs(plan.close_at - last.plan.close_at)
        left = last.plan.end_at - last.at
        return plan.mode != last.plan.mode or moved > max(SAME_S, SAME_SHARE * left)
