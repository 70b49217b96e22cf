"""What a request's deadline means for its drawing, and which deadlines nothing can meet."""

import math

from quorate_sampling.closers import PreparedClosing
from quorate_sampling.deadline import Deadline
from quorate_sampling.pace import Pace
from quorate_sampling.timetable import TAIL_S, Timetable, timetable
from quorate_server.consensus.options import ConsensusOptions
from quorate_server.deadlines import TimeLimit
from quorate_server.encoding import encoding_s
from quorate_server.errors import DeadlineExceeded, DeadlineInfeasible
from quorate_server.job import Job
from quorate_server.lag import LEAST_MARGIN_S, MOST_OF_BUDGET, LoopLag

BOXED_ANSWER_TOKENS = 24
"""Tokens to reserve for an answer that an opener leads straight into."""
PROSE_ANSWER_TOKENS = 96
"""Tokens to reserve for an answer in the model's own words."""
LEAST_BUDGET_S = 0.02
"""Before an engine's pace is known: no answer was ever given faster."""
RESULT_TOKENS = 4000
"""What a sample may weigh in a response, for planning the time to encode it."""
FIELDS_S = 0.1
"""Time to keep free for voting the fields of JSON answers."""


def time_plan(
    job: Job, pace: Pace, closing: PreparedClosing | None, lag: LoopLag
) -> Timetable | None:
    """The drawing's timetable; None without a deadline.

    What the response takes once its samples are there is kept free before the deadline: deciding,
    encoding, and how late the event loop runs.
    """
    if job.limit is None:
        return None
    budget_s = job.limit.deadline.budget_s
    encoding = encoding_s(RESULT_TOKENS * _results(job))
    behind_s = encoding + (0.0 if job.options is None else _after_drawing_s(job.options, pace))
    margin_s = lag.margin_s(budget_s) + min(behind_s, budget_s * MOST_OF_BUDGET)
    opened = closing is not None and closing.opener
    answer_tokens = BOXED_ANSWER_TOKENS if opened else PROSE_ANSWER_TOKENS
    return timetable(job.limit.deadline.less(margin_s), pace, answer_tokens)


def refuse_the_late(deadline: Deadline) -> None:
    """Raises DeadlineExceeded where no time is left to draw anything in."""
    if deadline.remaining_s() <= 0:
        raise DeadlineExceeded(
            "The deadline had passed before anything could be drawn.", param="deadline"
        )


def refuse_the_impossible(limit: TimeLimit, pace: Pace) -> None:
    """Raises DeadlineInfeasible where not even an idle engine could answer in the budget."""
    earliest_s = max(LEAST_BUDGET_S, pace.shortest_answer_s()) + TAIL_S + LEAST_MARGIN_S
    if limit.deadline.budget_s < earliest_s:
        earliest_ms = math.ceil(earliest_s * 1000)
        raise DeadlineInfeasible(
            f"No answer can be given in {limit.deadline.budget_s * 1000:.0f} ms; the fastest takes "
            f"about {earliest_ms} ms.",
            earliest_ms=earliest_ms,
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
