"""One question, from its wishes to its answer."""

import asyncio
from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod

import openai

from quorate.answer import Answer, Tell
from quorate.deadline import Deadline, deadline
from quorate.errors import DeadlineExceeded, LowConfidence, UnreadableAnswer, typed
from quorate.guard import Expired
from quorate.paced import PacedBody
from quorate.reading import read_answer
from quorate.retrying import retrying
from quorate.served import only_model
from quorate.so_far import SoFar
from quorate.turns import Turns
from quorate.wishes import OnExpiry, Wishes, body_of, messages_of

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion

    from quorate.async_client import AsyncQuorate
    from quorate.client import Quorate

guarded: ContextVar[bool] = ContextVar("quorate_guarded", default=False)
"""Whether somebody above already guards the time and tries again."""


class Asking:
    """A question on its way. What it has seen can be read at any time, from any thread."""

    def __init__(
        self,
        question: str | None,
        wishes: Wishes,
        *,
        limit: Deadline | None,
        on_expiry: OnExpiry,
        tell: "WeakMethod[Tell] | None" = None,
    ) -> None:
        """`tell` is the client's: weak, so that a call nobody waits for keeps no client.

        Raises ValueError or TypeError for what cannot be asked.
        """
        self._messages = messages_of(question, wishes)
        self._body = body_of(wishes, progress=limit is not None)
        self._wishes = wishes
        self.limit = limit
        self._on_expiry = on_expiry
        self._tell = tell
        self._began = monotonic()
        self._attempts: list[SoFar] = []

    async def answer(self, client: "AsyncQuorate", *, patience_s: float = 0.0) -> Answer:
        """Ask. Raises what `quorate.errors` draws.

        With patience, expiry is tidied up after that much later: by then the caller, who waits in
        another thread, has left by its own clock, and so has everybody else whose time was up.
        """
        limit = self.limit
        if limit is None:
            return self._read(await self._once(client))
        try:
            completion = await client.traffic.guard().run(
                limit, lambda: self._in_time(client, limit), patience_s=patience_s
            )
        except Expired:
            return self.expired(client)
        except DeadlineExceeded as error:
            error.partial = self._partial()
            if error.partial is not None and self._on_expiry == "partial":
                return self._sure(error.partial)
            raise
        return self._read(completion)

    def expired(self, client: "Quorate | AsyncQuorate") -> Answer:
        """What becomes of it when the time is up: the leading vote if that will do, else
        DeadlineExceeded, which has it too.
        """
        partial = self._partial()
        if partial is not None and self._on_expiry == "partial":
            return self._sure(partial)
        raise exceeded(client, self.limit, partial)

    async def _in_time(self, client: "AsyncQuorate", limit: Deadline) -> "ChatCompletion":
        guarded.set(True)
        again = retrying(limit, client.max_retries, client.traffic.allowance.of)
        with deadline(limit):
            return await again(self._once, client)

    async def _once(self, client: "AsyncQuorate") -> "ChatCompletion":
        request: dict[str, Any] = {
            "model": self._wishes.get("model") or client.model or await only_model(client),
            "messages": self._messages,
            "extra_body": self._body,
            "extra_headers": self._wishes.get("extra_headers"),
        }
        if self.limit is None:
            completion: ChatCompletion = await client.chat.completions.create(**request)
            return completion
        so_far = SoFar(self._wishes.get("answer_type"))
        self._attempts.append(so_far)
        create = client.chat.completions.create
        sent = monotonic()
        with client.traffic.attempt(self.limit):
            async with await create(**request, stream=True) as stream:
                await self._hear(stream, so_far, client.traffic.guard().pieces)
        completion = so_far.completion()
        client.traffic.learn(completion, monotonic() - sent)
        return completion

    async def _hear(self, stream: Any, so_far: SoFar, pieces: Turns) -> None:
        response = stream.response
        response.stream = PacedBody(response.stream, pieces)
        try:
            async for chunk in stream:
                so_far.take(chunk)
                await asyncio.sleep(0)  # one read brings many chunks; others are due meanwhile
        except openai.APIError as error:
            raise typed(error, response) from None
        except ValueError as error:
            raise UnreadableAnswer(f"The stream cannot be read: {error}.") from error

    def _read(self, completion: "ChatCompletion") -> Answer:
        answer = read_answer(
            completion,
            budget_s=None if self.limit is None else self.limit.budget_s,
            elapsed_s=monotonic() - self._began,
            tell=None if self._tell is None else self._tell(),
        )
        return self._sure(answer)

    def _sure(self, answer: Answer) -> Answer:
        least = self._wishes.get("min_confidence")
        if least is not None and (answer.confidence is None or answer.confidence < least):
            raise LowConfidence(answer, least)
        return answer

    def _partial(self) -> Answer | None:
        """Of the latest attempt that had heard anything."""
        assert self.limit is not None
        elapsed_s = monotonic() - self._began
        heard = (each.partial(self.limit.budget_s, elapsed_s) for each in reversed(self._attempts))
        return next((partial for partial in heard if partial is not None), None)


def exceeded(
    client: "Quorate | AsyncQuorate",
    limit: Deadline | None,
    partial: Answer | None = None,
) -> DeadlineExceeded:
    """The error of a deadline that passed on this side."""
    budget = "its deadline" if limit is None else f"{limit.budget_s:g} s"
    return DeadlineExceeded(
        f"No answer within {budget}.", request=client.traffic.placeholder, partial=partial
    )
