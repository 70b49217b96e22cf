"""From what a request asks to how its group is drawn."""

from quorate_sampling.group import GroupPlan
from quorate_sampling.pace import Pace
from quorate_sampling.presets import PRESETS
from quorate_sampling.stopping import AllAtOnce, Beta, DrawAll, Margin, StoppingRule
from quorate_server.consensus.options import ConsensusOptions, limits_of
from quorate_server.deadlines import TimeLimit
from quorate_server.errors import RequestError

TIME_TO_SPARE = 4.0
"""With this many times a whole sample's duration left, a deadline does not hurry the drawing."""


def most_samples(options: ConsensusOptions, n: int) -> int:
    """How many samples may be drawn: `n` choices need at least as many.

    Raises RequestError where the request itself says that fewer are to be drawn.
    """
    _, most = limits_of(options)
    if options.max_samples is not None and n > options.max_samples:
        raise RequestError(
            f"`n` ({n}) is more than the {options.max_samples} samples that are to be drawn.",
            param="n",
        )
    return max(most, n)


def plan_group(options: ConsensusOptions, limit: TimeLimit | None, pace: Pace, n: int) -> GroupPlan:
    """The plan of a group whose `n` best votes are wanted."""
    least, _ = limits_of(options)
    rule = _rule(options)
    if limit is not None and not _time_to_spare(limit, pace):
        rule = AllAtOnce(rule)
    return GroupPlan(
        max_samples=most_samples(options, n),
        min_samples=least,
        rule=rule,
        answer_type=options.answer_type,
    )


def _rule(options: ConsensusOptions) -> StoppingRule:
    preset = PRESETS[options.preset]
    match options.early_stop:
        case "none":
            return DrawAll()
        case "beta":
            return Beta()
        case "auto" | "margin":
            return Margin(margin=preset.margin)
        case asked if asked.rule == "margin":
            return Margin(margin=asked.margin or preset.margin)
        case asked if asked.rule == "beta":
            return Beta(threshold=asked.threshold or Beta().threshold)
        case _:
            return DrawAll()


def _time_to_spare(limit: TimeLimit, pace: Pace) -> bool:
    whole = pace.sample_s()
    return whole is not None and limit.deadline.remaining_s() > TIME_TO_SPARE * whole
