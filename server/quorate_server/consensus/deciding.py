"""Drawing a group and what follows from it: an answer, an abstention, another model asked."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from quorate_sampling.group import Group, Progress, draw_group
from quorate_server.consensus.costs import Spent
from quorate_server.consensus.options import ConsensusOptions, Thresholds
from quorate_server.consensus.outcome import Outcome
from quorate_server.consensus.preparing import Preparation, prepare
from quorate_server.consensus.reading_out import read_out
from quorate_server.errors import (
    DeadlineError,
    DeadlineExceeded,
    EngineError,
    Overloaded,
    RequestError,
)
from quorate_server.learning.finished import Finished
from quorate_server.ledger import Bill
from quorate_server.work import Work

NOTHING_BY_DEADLINE = "No sample had answered by the deadline."
NOTHING_IN_BUDGET = "No sample had answered within the limit on tokens."
NOTHING_ANSWERED = "No sample had an answer to its end."

Observe = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Decision:
    """What is answered, and the bills for it: one for each model that was asked."""

    outcome: Outcome
    bills: tuple[Bill, ...]


async def decide(work: Work, options: ConsensusOptions, observe: Observe | None) -> Decision:
    """Draw the group that is asked for, and ask another model if it is not sure enough.

    Raises RequestError for what cannot be had, EngineError where every sample was lost, and
    DeadlineExceeded where nothing was answered in time and that is to be an error.
    """
    outcome = await _drawn(work, options, Spent(), observe, again=False)
    bills = [work.tab.bill()]
    other = options.thresholds.escalate_to
    if other is not None and why_unsure(outcome, options.thresholds) is not None:
        second = await _escalated(work, options, other, observe, bills)
        if isinstance(second, str):
            outcome = replace(outcome, notes={**outcome.notes, "escalation": second})
        else:
            outcome = replace(second, first=outcome)
    limit = work.job.limit
    if not outcome.shown and limit is not None and limit.on_miss == "error":
        raise DeadlineExceeded(_nothing(outcome.group), param="deadline")
    return Decision(_settled(outcome, options.thresholds), tuple(bills))


async def _drawn(
    work: Work, options: ConsensusOptions, spent: Spent, observe: Observe | None, *, again: bool
) -> Outcome:
    preparation = await prepare(work, options, spent, again=again)
    group = await draw_group(
        work.engine,
        work.prompt,
        preparation.plan,
        question=work.job.question,
        pace=work.pace,
        clock=work.clock,
        timetable=work.timetable,
        free_slots=work.free_slots,
        observe=observe,
        on_end=work.tab.add,
        on_plan=work.courses.append,
    )
    outcome = await read_out(work, options, group, preparation)
    steps = work.plan_told()
    if steps:
        outcome = replace(outcome, notes={**outcome.notes, "plan": steps})
    if outcome.shown or not again:  # else the first group's answer is told, under the same id
        work.learning.take(_finished(work, outcome, preparation))
    return outcome


async def _escalated(
    work: Work,
    options: ConsensusOptions,
    model: str,
    observe: Observe | None,
    bills: list[Bill],
) -> Outcome | str:
    """What the other model says, or why it says nothing; what is left of the limits is its.

    Its bill is added to `bills` whatever becomes of it.
    """
    spent = Spent.of(bills[0], work.prices)
    try:
        async with work.elsewhere(model) as second:
            try:
                outcome = await _drawn(second, options, spent, observe, again=True)
            finally:
                bills.append(second.tab.bill())
    except (EngineError, DeadlineError, Overloaded, RequestError) as error:
        return error.message
    return outcome if outcome.shown else _nothing(outcome.group)


def why_unsure(outcome: Outcome, thresholds: Thresholds) -> str | None:
    """In what the answer falls short of the thresholds; None where it reaches them."""
    least, confidence = thresholds.confidence, outcome.confidence
    if least is not None and confidence is None:
        return f"there is no confidence ({outcome.confidence_reason}), and {least:g} was asked for"
    if least is not None and confidence is not None and confidence < least - 1e-9:
        return f"the confidence is {confidence:.3g}, and {least:g} was asked for"
    least, share = thresholds.agreement, outcome.agreement
    if least is not None and share < least - 1e-9:
        return f"the agreement is {share:.3g}, and {least:g} was asked for"
    return None


def _settled(outcome: Outcome, thresholds: Thresholds) -> Outcome:
    """With the reason why there is no answer, where there is to be none."""
    if not outcome.shown:
        return replace(outcome, refusal=_nothing(outcome.group))
    unsure = why_unsure(outcome, thresholds) if thresholds.abstain else None
    return outcome if unsure is None else replace(outcome, refusal=f"No sure answer: {unsure}.")


def _nothing(group: Group) -> str:
    reasons = {"deadline": NOTHING_BY_DEADLINE, "budget": NOTHING_IN_BUDGET}
    return reasons.get(group.stop_reason, NOTHING_ANSWERED)


def _finished(work: Work, outcome: Outcome, preparation: Preparation) -> Finished:
    group, first = outcome.group, outcome.shown[0] if outcome.shown else None
    leads = first is not None and bool(group.votes) and first.vote is group.votes[0]
    told = None
    if first is not None and not leads:
        told = first.answer if first.vote is None else first.vote.answer
    return Finished(
        request_id=work.reply.request_id,
        model=work.job.model,
        question=work.job.question,
        group=group,
        confidence=outcome.confidence,
        profile=None if outcome.profile is None else outcome.profile.id,
        drawn=replace(preparation.circumstances, kind=group.kind),
        told=told,
    )
