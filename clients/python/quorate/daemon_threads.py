"""Blocking calls in threads that never hold up the interpreter's exit."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any


def in_thread(function: Callable[..., Any], *args: Any) -> "Future[Any]":
    """Begin `function(*args)` in a daemon thread; one that never returns costs only its thread."""
    future: Future[Any] = Future()
    threading.Thread(
        target=_run, args=(future, function, args), name="quorate-blocking", daemon=True
    ).start()
    return future


def _run(future: "Future[Any]", function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function(*args)
    except BaseException as error:  # handed to whoever waits for the future
        future.set_exception(error)
    else:
        future.set_result(result)
