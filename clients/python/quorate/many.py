"""Many questions at once, their answers in order."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Sized
from typing import Any, Protocol

from quorate.answer import Answer

AHEAD = 4
"""Questions that may be asked or answered before the one whose turn it is, times concurrency."""


class Bar(Protocol):
    """As much of tqdm as is used."""

    def update(self, n: float | None = 1) -> object: ...

    def close(self) -> None: ...


class _NoBar:
    def update(self, n: float | None = 1) -> None:
        return None

    def close(self) -> None:
        return None


def bar_over(questions: object, *, shown: bool) -> Bar:
    """A progress bar on stderr, or none."""
    if not shown:
        return _NoBar()
    from tqdm import tqdm  # type: ignore[import-untyped]  # it carries no annotations

    bar: Bar = tqdm(total=len(questions) if isinstance(questions, Sized) else None, unit="question")
    return bar


def check_concurrency(concurrency: int) -> None:
    """Raises ValueError for none."""
    if concurrency < 1:
        raise ValueError(f"`concurrency` must be at least 1, not {concurrency}.")


def answers_in_order(
    ask_one: Callable[[str], Awaitable[Answer]],
    questions: Iterable[str] | AsyncIterable[str],
    concurrency: int,
    *,
    progress: bool,
    return_exceptions: bool,
) -> AsyncIterator[Any]:
    """Answers as `ask_one` gives them, an Exception in place of one that it raised.

    Leaving the iteration early cancels what is still being asked.
    """
    check_concurrency(concurrency)
    return _in_order(ask_one, questions, concurrency, progress, return_exceptions)


async def _in_order(
    ask_one: Callable[[str], Awaitable[Answer]],
    questions: Iterable[str] | AsyncIterable[str],
    concurrency: int,
    progress: bool,
    return_exceptions: bool,
) -> AsyncIterator[Any]:
    bar = bar_over(questions, shown=progress)
    places = asyncio.Semaphore(concurrency)
    asked: asyncio.Queue[asyncio.Task[Answer] | None] = asyncio.Queue(AHEAD * concurrency)
    tasks: set[asyncio.Task[Answer]] = set()

    async def ask_in_place(question: str) -> Answer:
        async with places:
            return await ask_one(question)

    def ended(task: asyncio.Task[Answer]) -> None:
        tasks.discard(task)
        bar.update()
        if not task.cancelled():
            task.exception()

    async def feed() -> None:
        failure: Exception | None = None
        try:
            async for question in _each(questions):
                task = asyncio.create_task(ask_in_place(question))
                tasks.add(task)
                task.add_done_callback(ended)
                await asked.put(task)
        except Exception as error:  # of the caller's iterable: told once all before it is answered
            failure = error
        await asked.put(None)
        if failure is not None:
            raise failure

    feeding = asyncio.create_task(feed())
    try:
        while (task := await asked.get()) is not None:
            try:
                yield await task
            except Exception as error:
                if not return_exceptions:
                    raise
                yield error
        await feeding
    finally:
        left = {feeding, *tasks}
        for each in left:
            each.cancel()
        await asyncio.wait(left)
        bar.close()


async def _each(questions: Iterable[str] | AsyncIterable[str]) -> AsyncIterator[str]:
    if isinstance(questions, AsyncIterable):
        async for question in questions:
            yield question
        return
    for question in questions:
        yield question
