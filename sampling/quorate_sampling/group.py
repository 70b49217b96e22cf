"""A group: samples of one prompt, drawn until their votes decide."""

from asyncio import sleep
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from quorate_sampling.agreement import agreement, agreement_low
from quorate_sampling.aside import Aside
from quorate_sampling.ballot import Asked, Ballot, answers_wholly
from quorate_sampling.cutting import Cutting
from quorate_sampling.deadline import Clock
from quorate_sampling.drawing import Drawing, Prompt, drawing
from quorate_sampling.engine import Engine, Sample
from quorate_sampling.errors import EngineRejected, GroupFailed
from quorate_sampling.goal import Goal
from quorate_sampling.meter import Meter
from quorate_sampling.pace import Pace
from quorate_sampling.planning import Course, SafetyNet
from quorate_sampling.reading import Reading
from quorate_sampling.scheduler import Situation, samples_to_start
from quorate_sampling.stopping import Continue, Hopeless, Judgement, StoppingRule
from quorate_sampling.stopping.stability import lead_stability
from quorate_sampling.timetable import Timetable, time_for_others
from quorate_sampling.verifier import Verifier
from quorate_sampling.votes import Vote
from quorate_sampling.voting import Majority, Voting
from quorate_verifiers import Canonical, Equivalence, Kind

ON_TOWARDS_GOAL = 2
"""Samples kept in flight once the vote is decided and only the goal is not met yet."""

StopReason = Literal["decided", "hopeless", "exhausted", "deadline", "budget"]


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """How a group is drawn: limits on its samples, the rule that stops it, how answers are read.

    `equivalence` belongs to one group alone: it remembers what it has found out.
    """

    max_samples: int
    min_samples: int
    rule: StoppingRule
    answer_type: Asked = "auto"
    voting: Voting = field(default_factory=Majority)
    equivalence: Equivalence = field(default_factory=Canonical)
    verify: Verifier | None = None
    goal: Goal | None = None
    """What the answer has to reach: drawn on for until it does, or cannot any more."""
    max_tokens: int | None = None
    """How many tokens all samples together may take."""
    cutting: Cutting | None = None
    aside: Aside = field(default_factory=Aside)
    """Where long answers are read."""


@dataclass(frozen=True, slots=True)
class SampleCounts:
    """What became of the samples. `forced` and `unparsed` are among the finished."""

    started: int
    finished: int
    cancelled: int
    failed: int
    unparsed: int
    forced: int


@dataclass(frozen=True, slots=True)
class Progress:
    """A group while it is being drawn."""

    votes: tuple[Vote, ...]
    started: int
    finished: int
    in_flight: int


@dataclass(frozen=True, slots=True)
class Group:
    """A decided group. `votes` are best first; `winner` is None where nothing finished."""

    kind: Kind
    votes: tuple[Vote, ...]
    agreement: float
    agreement_low: float
    lead_stability: float
    counts: SampleCounts
    stop_reason: StopReason
    winner: Sample | None
    runners_up: tuple[Sample, ...]
    """One sample for each vote behind the leading one, in the votes' order."""
    samples: tuple[Sample, ...]
    """All that were started, by index."""
    readings: tuple[Reading, ...]
    """What was read from those that finished, by index."""


async def draw_group(
    engine: Engine,
    prompt: Prompt,
    plan: GroupPlan,
    *,
    question: str,
    pace: Pace,
    clock: Clock,
    timetable: Timetable | None = None,
    free_slots: Callable[[], int | None] = lambda: None,
    observe: Callable[[Progress], None] | None = None,
    on_end: Callable[[Sample], None] | None = None,
    on_plan: Callable[[Course], None] | None = None,
) -> Group:
    """Draw samples until the rule decides, none are left to draw, or time or tokens run out.

    `question` is the prompt's text; `free_slots` says how many more samples the engine could run
    side by side, None where that is not known; `observe` is told after each sample; `on_end` gets
    every sample once when it has ended, also when the caller is cancelled; `on_plan`, once, the
    course that the plans take where there is a deadline.

    Raises EngineRejected where the engine says the request itself is wrong, and where every sample
    was lost the engine's error, or GroupFailed if they were lost in different ways. One lost
    sample costs nothing but its vote.
    """
    ballot = Ballot(
        question,
        plan.answer_type,
        plan.voting,
        plan.equivalence,
        plan.verify,
        aside=plan.aside,
        time_s=time_for_others(timetable, clock),
    )
    meter = Meter(plan.max_tokens, prompt.stream_interval)
    net = SafetyNet(on_end)

    def ended(sample: Sample) -> None:
        meter.end(sample)
        if not net.catches(sample) and on_end is not None:
            on_end(sample)

    with net:
        async with drawing(
            engine,
            prompt,
            pace=pace,
            clock=clock,
            timetable=timetable,
            cutting=plan.cutting,
            top_logprobs=plan.voting.top_logprobs,
            on_delta=meter.take if plan.max_tokens is not None else None,
            on_end=ended,
        ) as draw:
            if timetable is not None and on_plan is not None:
                on_plan(draw.course)
            drawn = _Drawn(draw, ballot, plan, meter, pace, net, free_slots)
            meter.on_spent = draw.halt
            stop_reason = await drawn.until_decided(observe)
        await _count(ballot, (s for s in draw.samples.values() if s.index not in net.indices))
        if not ballot.thoughtful and stop_reason != "decided":
            await _count(ballot, net.spread())
    await ballot.settle()
    return _result(draw, ballot, stop_reason, net)


async def _count(ballot: Ballot, samples: Iterable[Sample]) -> None:
    """Count those that had ended when the time was up, and were not counted yet."""
    for sample in samples:
        whole = sample.state == "finished" or (sample.state == "cut" and answers_wholly(sample))
        late = whole and sample.index not in ballot.samples
        if late and not await ballot.add(sample):
            await ballot.add_unread(sample)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A group being drawn: what the decision to go on rests on."""

    draw: Drawing
    ballot: Ballot
    plan: GroupPlan
    meter: Meter
    pace: Pace
    net: SafetyNet
    free_slots: Callable[[], int | None]

    async def until_decided(self, observe: Callable[[Progress], None] | None) -> StopReason:
        draw, ballot = self.draw, self.ballot
        while True:
            judgement = self._judge()
            if not isinstance(judgement, Continue):
                return "hopeless" if isinstance(judgement, Hopeless) else "decided"
            if not draw.closing_time:
                self._start(judgement.in_flight)
            sample = await draw.next()
            if sample is None:
                return self._why_no_more()
            if isinstance(sample.error, EngineRejected):
                raise sample.error
            if self.net.passes(sample):
                continue
            if sample.state == "finished":
                await ballot.add(sample)
                await sleep(0)  # samples that end together do not keep others waiting together
            if observe is not None:
                observe(Progress(ballot.votes, draw.started, ballot.finished, draw.in_flight))

    def _start(self, needed: int) -> None:
        """Start what there is to start, with `needed` samples wanted in flight beside the net."""
        now = self._situation()
        planned = self.draw.plan_next(needed, now, votes=True)
        if planned is None:
            self.draw.launch(samples_to_start(needed, now))
        else:
            self.net.hold(self.draw.carry_out(planned))

    def _judge(self) -> Judgement:
        """The rule's judgement; what it calls decided is drawn on while the goal is not met, and
        what cannot meet it any more is hopeless."""
        draw, ballot, goal = self.draw, self.ballot, self.plan.goal
        most = self.plan.max_samples - len(self.net.indices)
        standing = ballot.standing(self._in_flight, self.plan.min_samples, most)
        judgement = self.plan.rule.judge(standing)
        if goal is None or not standing.enough or isinstance(judgement, Hopeless):
            return judgement
        readings = tuple(ballot.readings.values())
        if goal.met(readings, ballot.votes, draw.started):
            return judgement
        if not goal.attainable(readings, ballot.votes, draw.started, standing.left):
            return Hopeless()
        if isinstance(judgement, Continue):
            return judgement
        return Continue(max(ON_TOWARDS_GOAL, self._in_flight))

    @property
    def _in_flight(self) -> int:
        """Samples being drawn whose answers are meant to vote."""
        return self.draw.in_flight - self.net.in_flight

    def _situation(self) -> Situation:
        draw, held = self.draw, len(self.net.indices)
        per_sample = self.meter.per_sample or self.pace.sample_tokens()
        return Situation(
            in_flight=self._in_flight,
            started=draw.started - held,
            max_samples=self.plan.max_samples - held,
            free_slots=self.free_slots(),
            tokens_left=self.meter.left(draw.in_flight, per_sample),
            sample_tokens=per_sample,
        )

    def _why_no_more(self) -> StopReason:
        draw = self.draw
        if draw.cut_short or draw.closing_time:
            return "deadline"
        dear = self.plan.max_tokens is not None and draw.started < self.plan.max_samples
        return "budget" if draw.halted or dear else "exhausted"


def _result(draw: Drawing, ballot: Ballot, stop_reason: StopReason, net: SafetyNet) -> Group:
    samples = tuple(net.told(draw.samples[i]) for i in sorted(draw.samples))
    failed = [s for s in samples if s.state == "failed"]
    if failed and len(failed) == len(samples):
        first = failed[0].error
        if first is not None and all(type(s.error) is type(first) for s in failed):
            raise first  # all the same way: the reason is a better answer than the count
        raise GroupFailed(f"Every sample failed; the first said: {first}")
    shown = [ballot.representative(vote) for vote in ballot.votes]
    if not shown:
        shown = list(ballot.samples.values())[:1]
    return Group(
        kind=ballot.kind,
        votes=ballot.votes,
        agreement=agreement(ballot.leading, ballot.finished),
        agreement_low=agreement_low(ballot.leading, ballot.finished),
        lead_stability=lead_stability(ballot.leading, ballot.runner_up),
        counts=SampleCounts(
            started=len(samples),
            finished=ballot.finished,
            cancelled=len(samples) - ballot.finished - len(failed),
            failed=len(failed),
            unparsed=ballot.unparsed,
            forced=sum(s.forced for s in ballot.samples.values()),
        ),
        stop_reason=stop_reason,
        winner=shown[0] if shown else None,
        runners_up=tuple(shown[1:]),
        samples=samples,
        readings=tuple(ballot.readings[i] for i in sorted(ballot.readings)),
    )
