"""From the time there is and what the engine is predicted to need, to a plan."""

from dataclasses import dataclass, replace
from math import ceil, inf

from quorate_sampling.closers import CutThoughts
from quorate_sampling.planning.net import net_size
from quorate_sampling.planning.outlook import Outlook
from quorate_sampling.planning.plan import Mode, Plan
from quorate_sampling.scheduler import ROUNDS_TO_SPARE, Situation, rounds, samples_to_start
from quorate_sampling.timetable import Timetable

LEAST_THOUGHT_TOKENS = 32
"""The most that is asked for: with so many tokens left any model begins to think."""
LEAST_THOUGHT_SHARE = 1 / 8
"""What is asked for of a model whose thoughts were seen to take less than eight times that.

Long thinkers are better off without a thought than with a small part of one (Ma et al. 2025,
arXiv:2504.09858: 51 against 29 points on AMC23 at 700 tokens); the bundled reasoner gains by
thinking from a sixth of its median length on (docs/decisions/011).
"""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be done for the request.

    `closing`: thoughts may be closed before they begin. `votes`: the samples answer together, so
    that a few of them are net enough; else each is to have an answer. `cut_thoughts`: what it is
    worth to begin one that will not end.
    """

    closing: bool = False
    votes: bool = False
    cut_thoughts: CutThoughts = "useful"


def plan(
    needed: int,
    now: Situation,
    at: float,
    times: Timetable,
    ahead: Outlook,
    allowed: Allowed,
    *,
    before: Plan | None = None,
) -> Plan:
    """What to start at `at` (seconds of the timetable's clock), with `needed` samples wanted in
    flight.

    `now` says what was started so far and what bounds it; its times are filled in here. Thoughts
    are closed from the start only where not even a fast engine would leave time for them: one that
    turns out slow has them closed later, but what was not begun cannot be made up for.

    `before` is the drawing's last plan. Samples that were drawn in different modes do not vote
    together: a drawing whose thoughts are closed from the start stays so, and one that began to
    think starts nothing more when there is no time left to think.
    """
    seconds_left = times.close_at - at
    timed = replace(now, seconds_left=seconds_left, sample_seconds=ahead.sample_s)
    mode, why = _mode(timed, seconds_left, ahead, allowed)
    if before is not None and now.started:
        if before.mode == "closed":
            mode, why = "closed", before.why
        elif mode == "closed":
            return replace(before.moved(times.close_at), thinking_tokens=0, why=why)
    if mode == "closed":
        timed = _in_whole_waves(timed, times.answer_by - at, ahead.closed_s)
    samples = 0 if at >= times.close_at and now.started else samples_to_start(needed, timed)
    thinking = 0 if mode == "closed" else ahead.likely.thinking_tokens(seconds_left)
    net = 0
    if mode == "raced" and allowed.closing and not now.started:
        hardly = ahead.measured and thinking < LEAST_THOUGHT_TOKENS
        net = _net(samples, now, votes=allowed.votes, hardly=hardly)
        samples -= net if allowed.votes else 0
    return Plan(
        mode=mode,
        samples=samples,
        net=net,
        waves=_waves(timed, now, samples),
        thinking_tokens=thinking,
        close_at=times.close_at,
        end_at=times.end_at,
        why=why,
    )


def _mode(
    timed: Situation, seconds_left: float, ahead: Outlook, allowed: Allowed
) -> tuple[Mode, str]:
    whole = rounds(timed) if ahead.sample_s is not None else 0.0
    if whole >= 1:
        many = f"{whole:.2g}" if whole < inf else f"{ROUNDS_TO_SPARE:g} or more"
        return "thrifty", f"time for {many} whole samples one after another"
    most, least = ahead.fast.thinking_tokens(seconds_left), least_thought(ahead, allowed)
    if allowed.closing and ahead.measured and most < least:
        return "closed", f"time for {most} tokens of thought at most, {least} would be the least"
    if ahead.sample_s is None:
        return "raced", "no whole sample was seen of this engine yet"
    return "raced", f"time for {whole:.2g} of a whole sample"


def _in_whole_waves(timed: Situation, seconds: float, sample_s: float) -> Situation:
    """With as much of the time as whole samples fill: these answer to their ends or not at all."""
    waves = max(1, int(seconds / max(sample_s, 1e-6)))
    return replace(timed, seconds_left=waves * sample_s, sample_seconds=sample_s)


def least_thought(ahead: Outlook, allowed: Allowed) -> int:
    """The fewest tokens of thought that are worth beginning.

    Where a thought has to come to its end to be worth anything, some do in so many: fewer than
    those are more than made up for by answers without a thought (docs/decisions/011).
    """
    if allowed.cut_thoughts == "worthless" and ahead.short_sample_tokens is not None:
        return max(1, int(ahead.short_sample_tokens))
    if ahead.sample_tokens is None:
        return LEAST_THOUGHT_TOKENS
    return max(1, min(LEAST_THOUGHT_TOKENS, int(LEAST_THOUGHT_SHARE * ahead.sample_tokens)))


def _net(samples: int, now: Situation, *, votes: bool, hardly: bool) -> int:
    """How many closed-thought samples are to be a net for so many that think.

    Of those that vote some make the net. Those that do not have one each, beside them, where there
    is `hardly` time to think and so none to spare: a forced answer may then come too late. None
    where tokens are limited, or where the engine would queue some.
    """
    size = net_size(samples) if votes else samples * hardly
    at_once = samples if votes else samples + size
    queues = now.free_slots is not None and now.free_slots < at_once
    return 0 if queues or now.tokens_left is not None else size


def _waves(timed: Situation, now: Situation, samples: int) -> int:
    """How many samples follow one another: no more than there is time for, or samples to draw."""
    if not samples:
        return 0
    left = now.max_samples - now.started
    return max(1, min(int(min(rounds(timed), left)), ceil(left / samples)))
