"""A deadline, and the scope that nested calls share."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from math import isnan
from time import monotonic


@dataclass(frozen=True, slots=True)
class Deadline:
    """A point on the monotonic clock by which a call returns or raises."""

    at: float
    """In the seconds of `time.monotonic`."""
    budget_s: float
    """What there was when it was set."""

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """That many seconds from now; none or less has passed already. Raises ValueError on NaN."""
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or isnan(seconds):
            raise ValueError(f"A deadline is a number of seconds, not {seconds!r}.")
        return cls(monotonic() + seconds, float(seconds))

    def later(self, seconds: float) -> "Deadline":
        """The same, that much later."""
        return Deadline(self.at + seconds, self.budget_s + seconds) if seconds else self

    def remaining_s(self) -> float:
        """Seconds left; negative once it has passed."""
        return self.at - monotonic()


_scope: ContextVar[Deadline | None] = ContextVar("quorate_deadline", default=None)


@contextmanager
def deadline(limit: float | Deadline) -> Iterator[Deadline]:
    """Every Quorate call inside returns or raises within `limit` seconds of entering here.

    Scopes nest and can only shrink: the nearest deadline holds. asyncio tasks started inside have
    it too, as has `asyncio.to_thread`; a thread of one's own begins without, unless it is run in
    `contextvars.copy_context()`.
    """
    nearest = earliest(as_deadline(limit), current_deadline())
    assert nearest is not None
    token = _scope.set(nearest)
    try:
        yield nearest
    finally:
        _scope.reset(token)


def current_deadline() -> Deadline | None:
    """That of the innermost `deadline` scope; None outside any."""
    return _scope.get()


def as_deadline(limit: float | Deadline | None) -> Deadline | None:
    """Seconds count from now."""
    return limit if limit is None or isinstance(limit, Deadline) else Deadline.after(limit)


def earliest(*deadlines: Deadline | None) -> Deadline | None:
    """The nearest of those there are."""
    return min((d for d in deadlines if d is not None), key=lambda d: d.at, default=None)
