"""Whether a thought that does not end in time can be turned into an answer, and if not, why."""

from typing import Literal

from quorate_sampling.closers import PreparedClosing
from quorate_server.job import Job

NotForced = Literal["completion", "tools", "media", "on_miss", "no_closer"]
"""`completion`: plain text has no thought. `tools`: a call that was written behind a closer would
be text, and text is never taken for a call; the engine alone may end such a thought. `media`: a
prompt of token ids has lost them. `on_miss`: the client wants an error. `no_closer`: it is not
known how this model is brought to answer."""


def why_not_forced(job: Job, closing: PreparedClosing | None) -> NotForced | None:
    """Why the gateway may not close the thoughts of a request's samples; None if it may.

    `closing` is how the engine's model is brought to answer, None where that is not known.
    """
    if not job.chat:
        return "completion"
    if job.body.get("tools"):
        return "tools"
    if not job.continuable:
        return "media"
    if job.limit is not None and job.limit.on_miss == "error":
        return "on_miss"
    return "no_closer" if closing is None else None
