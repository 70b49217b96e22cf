"""The asynchronous client."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from time import monotonic
from typing import Any, Literal, Self, Unpack, overload

import openai

from quorate.answer import Answer
from quorate.asking import Asking, exceeded, guarded
from quorate.deadline import Deadline, as_deadline, current_deadline, earliest
from quorate.defaults import api_key_or_default, base_url_or_default
from quorate.errors import typed
from quorate.feedback import feedback_body
from quorate.guard import Expired
from quorate.guarded_body import GuardedBody
from quorate.many import answers_in_order
from quorate.names import Names, names_unless_proxied
from quorate.retrying import retrying
from quorate.sending import response_under, streams, with_time
from quorate.traffic import Traffic
from quorate.wishes import OnExpiry, Wishes, check


class AsyncQuorate(openai.AsyncOpenAI):
    """`openai.AsyncOpenAI`, with `ask` and with deadlines that hold by the wall clock.

    Calls without a deadline are OpenAI's own. Under one, the server is told what remains, less
    what the network takes; retries happen inside it; and the call returns or raises by it.
    """

    def __init__(
        self,
        *,
        base_url: Any = None,
        api_key: Any = None,
        model: str | None = None,
        deadline: float | None = None,
        on_expiry: OnExpiry = "raise",
        _traffic: Traffic | None = None,
        _names: Names | None = None,
        **options: Any,
    ) -> None:
        """OpenAI's arguments, and:

        base_url: else of the environment's QUORATE_BASE_URL, else this machine's port 8000.
        api_key: else of the environment's QUORATE_API_KEY, else `none`.
        model: asked where a question names none.
        deadline: seconds that every call has.
        on_expiry: what `ask` and streams do when they are over.
        """
        super().__init__(
            base_url=base_url_or_default(base_url), api_key=api_key_or_default(api_key), **options
        )
        self.model = model
        self.budget_s = deadline
        self.on_expiry = on_expiry
        own_connections = options.get("http_client") is None
        self._names = names_unless_proxied() if own_connections else _names
        self.traffic = _traffic or Traffic(str(self.base_url))

    def copy(self, *, _extra_kwargs: Mapping[str, Any] = {}, **options: Any) -> Self:
        """OpenAI's `copy`; the copy has the same model and deadline, and shares connections."""
        own = {
            "model": self.model,
            "deadline": self.budget_s,
            "on_expiry": self.on_expiry,
            "_traffic": self.traffic,
            "_names": self._names if options.get("http_client") is None else None,
        }
        return super().copy(_extra_kwargs={**own, **_extra_kwargs}, **options)

    with_options = copy

    def with_deadline(self, seconds: float, *, on_expiry: OnExpiry = "raise") -> Self:
        """A copy whose every call has that many seconds.

        A stream that they cut short raises DeadlineExceeded, or with `on_expiry="partial"` ends,
        and `quorate.expired(stream)` is true.
        """
        Deadline.after(seconds)
        return self.copy(_extra_kwargs={"deadline": seconds, "on_expiry": on_expiry})

    async def ask(self, question: str | None = None, **wishes: Unpack[Wishes]) -> Answer:
        """One answer to a question, by the vote of a group of samples.

        `Wishes` says what can be asked for. Raises what `quorate.errors` draws, and OpenAI's own.
        """
        check(wishes)
        return await self.asking(question, wishes).answer(self)

    @overload
    def ask_many(
        self,
        questions: Iterable[str] | AsyncIterable[str],
        *,
        concurrency: int = 16,
        progress: bool = False,
        return_exceptions: Literal[True] = True,
        **wishes: Unpack[Wishes],
    ) -> AsyncIterator[Answer | Exception]: ...

    @overload
    def ask_many(
        self,
        questions: Iterable[str] | AsyncIterable[str],
        *,
        concurrency: int = 16,
        progress: bool = False,
        return_exceptions: Literal[False],
        **wishes: Unpack[Wishes],
    ) -> AsyncIterator[Answer]: ...

    def ask_many(
        self,
        questions: Iterable[str] | AsyncIterable[str],
        *,
        concurrency: int = 16,
        progress: bool = False,
        return_exceptions: bool = True,
        **wishes: Unpack[Wishes],
    ) -> AsyncIterator[Any]:
        """The answers to many questions, in their order, `concurrency` of them asked at a time.

        `deadline` is each question's own, counted from when it is asked; a `deadline` scope around
        the call bounds them all. What one question raises comes in its answer's place, or ends the
        batch with `return_exceptions=False`. `progress` shows a bar on stderr.
        """
        check(wishes)
        scope = current_deadline()

        async def ask_one(question: str) -> Answer:
            return await self.asking(question, wishes, scope=scope).answer(self)

        return answers_in_order(
            ask_one, questions, concurrency, progress=progress, return_exceptions=return_exceptions
        )

    async def feedback(
        self,
        answer: Answer | str,
        *,
        correct: bool | None = None,
        expected: Any = None,
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell the server whether an answer (or the one of that id) was right: calibration data.

        Either `correct`, or what was `expected`; `fields` says it of a JSON answer's fields.
        """
        body = feedback_body(answer, correct, expected, fields)
        await self.post("/feedback", body=body, cast_to=object)

    async def close(self) -> None:
        """OpenAI's `close`; what had been given up on has ended, too."""
        await self.traffic.guard().endings.drain()
        await super().close()

    async def request(
        self,
        cast_to: Any,
        options: Any,
        *,
        stream: bool = False,
        stream_cls: Any = None,
    ) -> Any:
        """OpenAI's `request`, which every call goes through, held to the nearest deadline."""
        limit = self.limit()
        call = (cast_to, options, stream, stream_cls)
        if limit is None:
            return await self._send(*call)
        if guarded.get():
            return await self._attempt(limit, *call)
        retries = options.get_max_retries(self.max_retries)
        again = retrying(limit, retries, self.traffic.allowance.of)
        try:
            result: Any = await self.traffic.guard().run(
                limit, lambda: again(self._attempt, limit, *call)
            )
        except Expired:
            raise exceeded(self, limit) from None
        response = response_under(result) if streams(options, stream=stream) else None
        if response is not None and not response.is_closed:
            late = exceeded(self, limit)
            response.stream = GuardedBody(response, limit, self.on_expiry, late)
        return result

    def limit(
        self, own: float | Deadline | None = None, scope: Deadline | None = None
    ) -> Deadline | None:
        """The nearest deadline of a call that begins now: its own, this client's, the scopes'."""
        return earliest(as_deadline(own), as_deadline(self.budget_s), current_deadline(), scope)

    def asking(
        self, question: str | None, wishes: Wishes, *, scope: Deadline | None = None
    ) -> Asking:
        """A question that begins its way now."""
        return Asking(
            question,
            wishes,
            limit=self.limit(wishes.get("deadline"), scope),
            on_expiry=wishes.get("on_expiry") or self.on_expiry,
        )

    async def _attempt(
        self, limit: Deadline, cast_to: Any, options: Any, stream: bool, stream_cls: Any
    ) -> Any:
        if self._names is not None:
            await self._names.look_up(self.base_url.host)
        leaving = limit.later(-self.traffic.crowd.margin_s(limit))
        timed = with_time(options, leaving, self.traffic.allowance, self._custom_headers)
        if timed is None:
            raise exceeded(self, limit)
        sent = monotonic()
        with self.traffic.attempt(limit):
            result = await self._send(cast_to, timed, stream, stream_cls)
        self.traffic.learn(result, monotonic() - sent)
        return result

    async def _send(self, cast_to: Any, options: Any, stream: bool, stream_cls: Any) -> Any:
        try:
            return await super().request(cast_to, options, stream=stream, stream_cls=stream_cls)
        except openai.APIStatusError as error:
            raise typed(error) from None
