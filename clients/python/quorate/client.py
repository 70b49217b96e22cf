"""The synchronous client: OpenAI's, with the asynchronous one under its guarded calls."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Literal, Self, Unpack, overload
from weakref import WeakMethod

import openai

from quorate.answer import Answer
from quorate.asking import Asking, exceeded
from quorate.async_client import AsyncQuorate
from quorate.batch import answers_in_order
from quorate.bridge import Bridge
from quorate.bridged_body import BridgedBody
from quorate.deadline import Deadline, as_deadline, current_deadline, deadline, earliest
from quorate.defaults import api_key_or_default, base_url_or_default
from quorate.errors import typed
from quorate.feedback import feedback_body
from quorate.guard import Expired
from quorate.http_library import httpx
from quorate.sending import response_under
from quorate.traffic import Traffic
from quorate.wishes import OnExpiry, Wishes, check

PATIENCE_S = 0.1
"""Between a caller's leaving at its deadline and the tidying up, which is the loop's."""
_KEPT_APART = frozenset({"http_client", "timeout", "max_retries"})
"""OpenAI's arguments that the asynchronous client under this one is given as they stand now."""


class Quorate(openai.OpenAI):
    """`openai.OpenAI`, with `ask` and with deadlines that hold by the wall clock.

    Calls without a deadline are OpenAI's own. Under one, the server is told what remains, less
    what the network takes; retries happen inside it; and the call returns or raises by it. To that
    end such calls, and `ask`, run on an event loop in a daemon thread of the client's own, which
    copies share: it can be used from any thread, from a running event loop (it blocks that loop,
    as any call does) and after a fork.
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
        _bridge: Bridge | None = None,
        **options: Any,
    ) -> None:
        """OpenAI's arguments, and:

        base_url: else of the environment's QUORATE_BASE_URL, else this machine's port 8000.
        api_key: else of the environment's QUORATE_API_KEY, else `none`.
        model: asked where a question names none.
        deadline: seconds that every call has.
        on_expiry: what `ask` and streams do when they are over.
        """
        api_key = api_key_or_default(api_key)
        super().__init__(base_url=base_url_or_default(base_url), api_key=api_key, **options)
        self.model = model
        self.budget_s = deadline
        self.on_expiry = on_expiry
        self.traffic = _traffic or Traffic(str(self.base_url))
        self._bridge = _bridge or Bridge(options.get("http_client"))
        self._given_key = api_key
        self._given = {name: v for name, v in options.items() if name not in _KEPT_APART}
        self._made: tuple[dict[str, Any], AsyncQuorate] | None = None

    def copy(self, *, _extra_kwargs: Mapping[str, Any] = {}, **options: Any) -> Self:
        """OpenAI's `copy`; the copy has the same model and deadline, and shares connections."""
        own: dict[str, Any] = {
            "model": self.model,
            "deadline": self.budget_s,
            "on_expiry": self.on_expiry,
            "_traffic": self.traffic,
        }
        if options.get("http_client") is None:
            own["_bridge"] = self._bridge
        return super().copy(_extra_kwargs={**own, **_extra_kwargs}, **options)

    with_options = copy

    def with_deadline(self, seconds: float, *, on_expiry: OnExpiry = "raise") -> Self:
        """A copy whose every call has that many seconds.

        A stream that they cut short raises DeadlineExceeded, or with `on_expiry="partial"` ends,
        and `quorate.expired(stream)` is true.
        """
        Deadline.after(seconds)
        return self.copy(_extra_kwargs={"deadline": seconds, "on_expiry": on_expiry})

    def ask(self, question: str | None = None, **wishes: Unpack[Wishes]) -> Answer:
        """One answer to a question, by the vote of a group of samples.

        `Wishes` says what can be asked for. Raises what `quorate.errors` draws, and OpenAI's own.
        """
        check(wishes)
        asking = self.asking(question, wishes)
        limit = asking.limit
        if limit is None:
            return self._bridge.thread.run(asking.answer(self._core()))
        crowd = self.traffic.crowd
        crowd.join()  # a thread that waits for its turn, besides the call that the guard counts
        try:
            return self._bridge.thread.run(
                asking.answer(self._core(), patience_s=PATIENCE_S),
                partial(crowd.wait_s, limit),
            )
        except Expired:
            crowd.late(-crowd.wait_s(limit))
            return asking.expired(self)
        finally:
            crowd.leave()

    @overload
    def ask_many(
        self,
        questions: Iterable[str],
        *,
        concurrency: int = 16,
        progress: bool = False,
        return_exceptions: Literal[True] = True,
        **wishes: Unpack[Wishes],
    ) -> Iterator[Answer | Exception]: ...

    @overload
    def ask_many(
        self,
        questions: Iterable[str],
        *,
        concurrency: int = 16,
        progress: bool = False,
        return_exceptions: Literal[False],
        **wishes: Unpack[Wishes],
    ) -> Iterator[Answer]: ...

    def ask_many(
        self,
        questions: Iterable[str],
        *,
        concurrency: int = 16,
        progress: bool = False,
        return_exceptions: bool = True,
        **wishes: Unpack[Wishes],
    ) -> Iterator[Any]:
        """The answers to many questions, in their order, `concurrency` of them asked at a time.

        `deadline` is each question's own, counted from when it is asked; a `deadline` scope around
        the call bounds them all. What one question raises comes in its answer's place, or ends the
        batch with `return_exceptions=False`. `progress` shows a bar on stderr.
        """
        check(wishes)
        scope = current_deadline()
        core = self._core()

        async def ask_one(question: str) -> Answer:
            return await self.asking(question, wishes, scope=scope).answer(core)

        return answers_in_order(
            self._bridge.thread,
            ask_one,
            questions,
            concurrency,
            progress=progress,
            return_exceptions=return_exceptions,
        )

    def feedback(
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
        self.post("/feedback", body=body, cast_to=object)

    def close(self) -> None:
        """OpenAI's `close`; what had been given up on has ended, and the thread too."""
        super().close()
        self._bridge.close()

    def request(
        self,
        cast_to: Any,
        options: Any,
        *,
        stream: bool = False,
        stream_cls: Any = None,
    ) -> Any:
        """OpenAI's `request`, which every call goes through, held to the nearest deadline."""
        limit = self.limit()
        if limit is None:
            try:
                return super().request(cast_to, options, stream=stream, stream_cls=stream_cls)
            except openai.APIStatusError as error:
                raise typed(error) from None
        cast_to = self._maybe_override_cast_to(cast_to, options)
        response = self._respond(options, limit, stream=stream)
        return self._process_response(
            cast_to=cast_to,
            options=options,
            response=response,
            stream=stream,
            stream_cls=stream_cls,
        )

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
            tell=WeakMethod(self.feedback),
        )

    def _respond(self, options: Any, limit: Deadline, *, stream: bool) -> "httpx.Response":
        """The HTTP response, its body read or ready to be read from this thread."""
        thread = self._bridge.thread
        try:
            told = thread.run(
                self._fetch(options, limit, stream), partial(self.traffic.crowd.wait_s, limit)
            )
        except Expired:
            raise exceeded(self, limit) from None
        response = response_under(told)
        assert response is not None
        if response.is_closed:
            response.stream = httpx.ByteStream(response.content)
        else:
            response.stream = BridgedBody(
                thread, response, limit, self.on_expiry, exceeded(self, limit)
            )
        return response

    async def _fetch(self, options: Any, limit: Deadline, stream: bool) -> Any:
        with deadline(limit):
            return await self._core().request(httpx.Response, options, stream=stream)

    def _core(self) -> AsyncQuorate:
        """The asynchronous client of the same settings, on the bridge's connections."""
        settings: dict[str, Any] = {
            "http_client": self._bridge.http,
            "base_url": self.base_url,
            "api_key": self._key(),
            "timeout": self.timeout,
            "max_retries": self.max_retries,
            "model": self.model,
            "on_expiry": self.on_expiry,
        }
        made = self._made
        if made is None or made[0] != settings:
            core = AsyncQuorate(_traffic=self.traffic, **self._given, **settings)
            made = self._made = (settings, core)
        return made[1]

    def _key(self) -> Any:
        """A key that is asked for, as the asynchronous client asks for it; else as it stands."""
        return self._ask_key if callable(self._given_key) else self.api_key

    async def _ask_key(self) -> str:
        key: str = self._given_key()
        return key
