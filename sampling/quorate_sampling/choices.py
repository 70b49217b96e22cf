"""The choices of a plain request: samples of one prompt that answer each for itself, no votes."""

from collections.abc import Callable
from dataclasses import replace

from quorate_sampling.deadline import Clock
from quorate_sampling.drawing import Drawing, Prompt, drawing
from quorate_sampling.engine import Delta, Engine, Sample
from quorate_sampling.pace import Pace
from quorate_sampling.planning import Course, SafetyNet
from quorate_sampling.sampler import OnDelta
from quorate_sampling.scheduler import Situation
from quorate_sampling.timetable import Timetable


async def draw_each(
    engine: Engine,
    prompt: Prompt,
    count: int,
    *,
    pace: Pace,
    clock: Clock,
    timetable: Timetable | None = None,
    free_slots: Callable[[], int | None] = lambda: None,
    on_delta: OnDelta | None = None,
    on_end: Callable[[Sample], None] | None = None,
    on_plan: Callable[[Course], None] | None = None,
) -> tuple[Sample, ...]:
    """Draw `count` samples, each to its own end or the deadline's; no votes.

    Where a deadline leaves no time to think, their thoughts are closed from the start; where it
    leaves hardly any, each has an answer without a thought beside it, which is told where its own
    does not come. `free_slots` and `on_plan` are as in `draw_group`. Raises the engine's error
    where every sample was lost to one.

    Thoughts that are still open when it is time to close them go on beside their forced answers
    where there is room for both: one that ends by itself after all is worth more
    (docs/decisions/013).
    """
    net = SafetyNet(on_end)

    def beside(answers: int) -> bool:
        free = free_slots()
        return free is None or free >= answers

    def ended(sample: Sample) -> None:
        if not net.catches(sample) and on_end is not None:
            on_end(sample)

    def told(index: int, piece: Delta) -> None:
        if index < count and on_delta is not None:
            on_delta(index, piece)

    with net:
        async with drawing(
            engine,
            prompt,
            pace=pace,
            clock=clock,
            timetable=timetable,
            on_delta=told if on_delta is not None else None,
            on_end=ended,
            beside=beside,
        ) as draw:
            await _draw_through(draw, count, net, free_slots(), on_plan)
        samples = tuple(_or_its_net(draw.samples[i], count, net, on_delta) for i in range(count))
    lost = [sample.error for sample in samples if sample.error is not None]
    if len(lost) == len(samples):
        raise lost[0]
    return samples


async def _draw_through(
    draw: Drawing,
    count: int,
    net: SafetyNet,
    free_slots: int | None,
    on_plan: Callable[[Course], None] | None,
) -> None:
    """Start `count` samples, and wait for them to end or the time to be up."""
    now = Situation(in_flight=0, started=0, max_samples=count, free_slots=free_slots)
    planned = draw.plan_next(count, now, votes=False)
    if planned is None:
        draw.launch(count)
    else:
        net.hold(draw.carry_out(replace(planned, samples=count)))
        if on_plan is not None:
            on_plan(draw.course)
    left = count
    while left:
        sample = await draw.next()
        if sample is None:
            return
        left -= not net.passes(sample)


def _or_its_net(sample: Sample, count: int, net: SafetyNet, on_delta: OnDelta | None) -> Sample:
    """The sample, or what was drawn beside it where it has no answer and that has.

    Behind an answer that was shown in part, no other one is shown; behind a thought that was, the
    answer comes with its log-probabilities, those of the tokens that closed its own thought first.
    """
    shown = on_delta is not None and bool(sample.content)
    if sample.state == "finished" or shown:
        return sample
    caught = net.take(count + sample.index)
    if caught is None:
        return sample
    if on_delta is not None:
        on_delta(sample.index, Delta(content=caught.content, logprobs=caught.logprobs))
    return replace(caught, index=sample.index)
