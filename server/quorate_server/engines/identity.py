"""Who an engine shows itself to be, in two requests that cost it next to nothing."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from quorate_server.engines.conversation import Conversation, Model
from quorate_server.errors import EngineFailed
from quorate_server.upstream import Header, Upstream


@dataclass(frozen=True, slots=True)
class Identity:
    """The model an engine lists first, and when its process began, in seconds since 1970.

    The latter only where it tells (vLLM with one API server does). What else OpenAI's API has is no
    help: vLLM's `created` is the time of asking.
    """

    model: Model
    began_at: float | None

    def is_that_of(self, known: "Identity") -> bool | None:
        """Whether this is the process that was known, and no later one; None if that is not told.

        A balancer shows several: those that began before the latest one known are no news.
        """
        if self.model != known.model:
            return False
        if self.began_at is None or known.began_at is None:
            return None
        return self.began_at <= known.began_at


async def shown_identity(
    upstream: Upstream,
    headers: Sequence[Header],
    known: Identity | None = None,
    *,
    within_s: float,
) -> Identity:
    """Ask an engine who it is; when it began only if it told that when it was `known`.

    Raises EngineError where it has not told within `within_s`.
    """
    conversation = Conversation(upstream, headers)
    try:
        async with asyncio.timeout(within_s):
            model = (await conversation.models())[0]
            mute = known is not None and known.began_at is None
            return Identity(model, None if mute else await conversation.began_at())
    except TimeoutError:
        raise EngineFailed(f"{upstream.base_url} gave no answer in {within_s:g} s.") from None
