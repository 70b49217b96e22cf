"""Many questions at once, for a caller who waits in a thread: what `many` is for an event loop."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import Future
from typing import Any

from quorate.answer import Answer
from quorate.loop_thread import LoopThread
from quorate.many import AHEAD, bar_over, check_concurrency


def answers_in_order(
    thread: LoopThread,
    ask_one: Callable[[str], Coroutine[Any, Any, Answer]],
    questions: Iterable[str],
    concurrency: int,
    *,
    progress: bool,
    return_exceptions: bool,
) -> Iterator[Any]:
    """Answers as `ask_one` gives them on the loop thread, an Exception in place of one it raised.

    The questions are drawn in the caller's thread. Leaving the iteration early cancels what is
    still being asked.
    """
    check_concurrency(concurrency)
    return _in_order(thread, ask_one, questions, concurrency, progress, return_exceptions)


def _in_order(
    thread: LoopThread,
    ask_one: Callable[[str], Coroutine[Any, Any, Answer]],
    questions: Iterable[str],
    concurrency: int,
    progress: bool,
    return_exceptions: bool,
) -> Iterator[Any]:
    bar = bar_over(questions, shown=progress)
    places = asyncio.Semaphore(concurrency)
    asked: deque[Future[Answer]] = deque()

    async def ask_in_place(question: str) -> Answer:
        async with places:
            return await ask_one(question)

    def next_answer() -> Answer | Exception:
        try:
            return asked.popleft().result()
        except Exception as error:
            if not return_exceptions:
                raise
            return error

    try:
        for question in questions:
            asked.append(thread.start(ask_in_place(question)))
            asked[-1].add_done_callback(lambda _: bar.update())
            if len(asked) == AHEAD * concurrency:
                yield next_answer()
        while asked:
            yield next_answer()
    finally:
        for each in asked:
            each.cancel()
        bar.close()
