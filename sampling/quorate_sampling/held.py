"""Pieces of a sample that its reader may see only if they come to count."""

from collections.abc import Callable
from dataclasses import dataclass, field

from quorate_sampling.engine import Delta


@dataclass(slots=True, eq=False)
class HeldBack:
    """Shows a thought piece by piece, or holds it back until it is known how the sample ends.

    What a reader was shown cannot be taken back: a thought that goes on beside an answer is shown
    when it has led to one of its own.
    """

    show: Callable[[Delta], None]
    _held: list[tuple[int, Delta]] = field(default_factory=list)
    _holding: bool = False
    _over: bool = False

    def take(self, piece: Delta, upto: int) -> None:
        """The next piece, which brings the thought to `upto` tokens."""
        if self._over:
            return
        if self._holding:
            self._held.append((upto, piece))
        else:
            self.show(piece)

    def hold(self) -> None:
        """Show nothing from here on."""
        self._holding = True

    def release(self) -> None:
        """Show all of it, and what comes."""
        self._holding = False
        self._show(self._held)

    def settle(self, upto: int) -> None:
        """Show its first `upto` tokens, and no more of it ever."""
        self._over = True
        self._show([(at, piece) for at, piece in self._held if at <= upto])

    def _show(self, pieces: list[tuple[int, Delta]]) -> None:
        self._held = []
        for _, piece in pieces:
            self.show(piece)
