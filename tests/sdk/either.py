"""Both clients behind one face, so that a test of what they share is written once."""

import asyncio
from collections.abc import Iterable
from typing import Any, Protocol

from quorate import Answer, AsyncQuorate, Quorate, deadline


class Either(Protocol):
    """A client, called from a thread without an event loop."""

    def ask(self, question: str | None = None, *, within: float | None = None, **w: Any) -> Answer:
        """`ask`; `within` is a scope around it."""
        ...

    def ask_many(self, questions: Iterable[str], **wishes: Any) -> list[Any]: ...

    def create(self, *, within: float | None = None, budget: float | None = None, **b: Any) -> Any:
        """A chat completion; `budget` is `with_deadline`'s."""
        ...

    def chunks(self, budget: float, on_expiry: Any, **body: Any) -> tuple[list[Any], Any]:
        """What a stream brought, and the stream."""
        ...

    def feedback(self, *args: Any, **said: Any) -> None: ...

    def close(self) -> None: ...


MESSAGES: Any = [{"role": "user", "content": "What is 12+34?"}]
BODY: Any = {"model": "abacus", "messages": MESSAGES}
AGES = 3600.0


class Sync:
    """`Quorate`."""

    def __init__(self, url: str, **options: Any) -> None:
        self.client = Quorate(base_url=url, **options)

    def ask(self, question: str | None = None, *, within: float | None = None, **w: Any) -> Answer:
        if within is None:
            return self.client.ask(question, **w)
        with deadline(within):
            return self.client.ask(question, **w)

    def ask_many(self, questions: Iterable[str], **wishes: Any) -> list[Any]:
        return list(self.client.ask_many(questions, **wishes))

    def create(self, *, within: float | None = None, budget: float | None = None, **b: Any) -> Any:
        client = self.client if budget is None else self.client.with_deadline(budget)
        with deadline(AGES if within is None else within):
            return client.chat.completions.create(**{**BODY, **b})

    def chunks(self, budget: float, on_expiry: Any, **body: Any) -> tuple[list[Any], Any]:
        client = self.client.with_deadline(budget, on_expiry=on_expiry)
        stream = client.chat.completions.create(**{**BODY, **body}, stream=True)
        return list(stream), stream

    def feedback(self, *args: Any, **said: Any) -> None:
        self.client.feedback(*args, **said)

    def close(self) -> None:
        self.client.close()


class Async:
    """`AsyncQuorate`, on an event loop that runs while it is called."""

    def __init__(self, url: str, **options: Any) -> None:
        self.runner = asyncio.Runner()
        self.client = AsyncQuorate(base_url=url, **options)

    def ask(self, question: str | None = None, *, within: float | None = None, **w: Any) -> Answer:
        async def ask() -> Answer:
            if within is None:
                return await self.client.ask(question, **w)
            with deadline(within):
                return await self.client.ask(question, **w)

        return self.runner.run(ask())

    def ask_many(self, questions: Iterable[str], **wishes: Any) -> list[Any]:
        async def ask() -> list[Any]:
            return [answer async for answer in self.client.ask_many(questions, **wishes)]

        return self.runner.run(ask())

    def create(self, *, within: float | None = None, budget: float | None = None, **b: Any) -> Any:
        async def create() -> Any:
            client = self.client if budget is None else self.client.with_deadline(budget)
            with deadline(AGES if within is None else within):
                return await client.chat.completions.create(**{**BODY, **b})

        return self.runner.run(create())

    def chunks(self, budget: float, on_expiry: Any, **body: Any) -> tuple[list[Any], Any]:
        async def read() -> tuple[list[Any], Any]:
            client = self.client.with_deadline(budget, on_expiry=on_expiry)
            stream: Any = await client.chat.completions.create(**{**BODY, **body}, stream=True)
            return [chunk async for chunk in stream], stream

        return self.runner.run(read())

    def feedback(self, *args: Any, **said: Any) -> None:
        self.runner.run(self.client.feedback(*args, **said))

    def close(self) -> None:
        if not self.client.is_closed():
            self.runner.run(self.client.close())
            self.runner.close()
