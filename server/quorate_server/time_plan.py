"""What a request's deadline means for its drawing."""

from math import inf

from quorate_sampling.closers import PreparedClosing
from quorate_sampling.deadline import Deadline
from quorate_sampling.pace import Pace
from quorate_sampling.planning import AnswerLengths
from quorate_sampling.timetable import Timetable, timetable
from quorate_server.consensus.options import ConsensusOptions
from quorate_server.encoding import encoding_s
from quorate_server.errors import DeadlineExceeded
from quorate_server.job import Job
from quorate_server.lag import MOST_OF_BUDGET, LoopLag

BOXED_ANSWER_TOKENS = 16
"""Tokens to reserve for an answer that an opener leads straight into.

Enough for most, and no more: what closings take longer than that is learnt (`Pace.closing_s`)."""
PROSE_ANSWER_TOKENS = 64
"""Tokens to reserve for an answer in the model's own words. Both hold until `AnswerLengths` has
seen what this model makes of it."""
RESULT_TOKENS = 4000
"""What a sample may weigh in a response, for planning the time to encode it."""
FIELDS_S = 0.1
"""Time to keep free for voting the fields of JSON answers."""


def time_plan(
    job: Job,
    pace: Pace,
    closing: PreparedClosing | None,
    lag: LoopLag,
    prompt_tokens: int = 0,
    answers: AnswerLengths | None = None,
    *,
    answer_by: float | None = None,
) -> Timetable | None:
    """The drawing's timetable; None without a deadline.

    What the response takes once its samples are there is kept free before the deadline: deciding,
    encoding, and how late the event loop runs. `prompt_tokens` is about how long the prompt is;
    `answers` knows how long those behind this `closing` were. `answer_by` is when others that wait
    for the engine would have it answered, on the deadline's clock.
    """
    if job.limit is None:
        return None
    budget_s = job.limit.deadline.budget_s
    encoding = encoding_s(RESULT_TOKENS * _results(job))
    behind_s = encoding + (0.0 if job.options is None else _after_drawing_s(job.options, pace))
    margin_s = lag.margin_s(budget_s) + min(behind_s, budget_s * MOST_OF_BUDGET)
    opened = closing is not None and closing.opener
    answer_tokens = BOXED_ANSWER_TOKENS if opened else PROSE_ANSWER_TOKENS
    if answers is not None:
        answer_tokens = answers.expected(answer_tokens)
    under = pace.conditions(prompt_tokens=prompt_tokens)
    return timetable(
        job.limit.deadline.less(margin_s),
        pace,
        answer_tokens,
        under,
        answer_by=inf if answer_by is None else answer_by,
    )


def refuse_the_late(deadline: Deadline) -> None:
    """Raises DeadlineExceeded where no time is left to draw anything in."""
    if deadline.remaining_s() <= 0:
        raise DeadlineExceeded(
            "The deadline had passed before anything could be drawn.", param="deadline"
        )


def _results(job: Job) -> int:
    """How many samples a response may carry: those shown, and all that are returned."""
    if job.options is None or not job.options.return_samples:
        return job.n
    return job.n + job.options.max_samples


def _after_drawing_s(options: ConsensusOptions, pace: Pace) -> float:
    """What the answer takes once its samples are there."""
    scoring = pace.first_token_s() if options.answer.scoring == "logprob" else 0.0
    return scoring + (FIELDS_S if options.has_fields else 0.0)
