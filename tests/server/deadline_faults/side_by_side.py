"""A test's cases at once in one event loop, each with the tasks that it alone began."""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from contextvars import ContextVar
from typing import Any

Shape = Mapping[str, Any]
SHAPES: Mapping[str, Shape] = {
    "plain": {},
    "streamed": {"stream": True},
    "group": {"consensus": 3},
    "streamed group": {"consensus": 3, "stream": True},
}
"""A request alone or as a group, its answer whole or streamed."""

_begun: ContextVar[list[asyncio.Task[Any]]] = ContextVar("begun")


def in_every_shape(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Run a test for each of `SHAPES` as its `shape`, all at once: it mostly waits.

    A failure says the shape that it came of.
    """

    @functools.wraps(test)
    async def run(*args: Any, **kwargs: Any) -> None:
        async def case(name: str, shape: Shape) -> None:
            try:
                await test(*args, shape=shape, **kwargs)
            except BaseException as failure:
                failure.add_note(f"as a request of the shape: {name}")
                raise

        async with asyncio.TaskGroup() as cases:
            for name, shape in SHAPES.items():
                cases.create_task(case(name, shape))

    wanted = inspect.signature(test)
    others = [each for name, each in wanted.parameters.items() if name != "shape"]
    run.__signature__ = wanted.replace(parameters=others)  # type: ignore[attr-defined]  # pytest's
    return run


class OwnTasks:
    """The tasks begun from here on, by this task and by those that it began."""

    def __init__(self) -> None:
        self._begun: list[asyncio.Task[Any]] = []
        _begun.set(self._begun)
        asyncio.get_running_loop().set_task_factory(_noting)

    def running(self) -> set[asyncio.Task[Any]]:
        """Those that have not ended."""
        return {task for task in self._begun if not task.done()}


def _noting(
    loop: asyncio.AbstractEventLoop,
    coroutine: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
    **kwargs: Any,
) -> asyncio.Task[Any]:
    task = asyncio.Task(coroutine, loop=loop, **kwargs)
    _begun.get([]).append(task)
    return task
