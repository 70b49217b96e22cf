"""Forcing an answer: what is put behind a cut thought, and how much there is room for."""

from dataclasses import dataclass

from quorate_sampling.closers import PreparedClosing
from quorate_sampling.engine import Continuation, Draw
from quorate_sampling.orders import CloseOrder, Room
from quorate_sampling.seeds import derived_seed
from quorate_sampling.transcript import Mark, Transcript
from quorate_sampling.turns import Turn

ANSWER_TOKENS = 64
"""Kept free in a context for an answer, at the cost of the thought's end; less in a small one."""
CONTEXT_SHARE = 4
"""No more than one part of a context in so many is kept free for it."""


@dataclass(frozen=True, slots=True)
class Resumption:
    """How a cut sample goes on, from `token_ids` or as a `turn`, for `max_tokens` at most.

    `closing` is None where its thought had ended after all: its answer goes on where it was.
    `closer` is what is put behind the thought. `kept` is how far the thought was kept, None for all
    of it.
    """

    closing: PreparedClosing | None
    closer: tuple[int, ...]
    kept: Mark | None
    token_ids: tuple[int, ...]
    turn: Turn | None
    max_tokens: int

    def continuation(self, draw: Draw) -> Continuation:
        """What is asked of the engine; the seed is another than the one the thought was drawn with,
        whose random numbers it would repeat."""
        return Continuation(
            sample_id=f"{draw.sample_id}-answer",
            body=draw.body,
            token_ids=self.token_ids,
            max_tokens=self.max_tokens,
            seed=derived_seed(draw.seed, 1),
            stream_interval=draw.stream_interval,
            turn=self.turn,
            priority=draw.priority,
        )


def resumption(
    thought: Transcript, *, still_open: bool, prompt: tuple[int, ...], order: CloseOrder, room: Room
) -> Resumption | None:
    """How `thought` goes on by an order to close it; None where there is no room for an answer.

    A thought that leaves the closer and an answer no room in the context gives up its end.
    """
    closing = order.closing if still_open else None
    if order.closing.text is not None:
        return _in_turns(thought, order, closing, room)
    most = order.in_time()
    kept, ids = None, tuple(thought.token_ids)
    closer = closing.behind(prompt, ids) if closing is not None else ()
    needed = min(most, ANSWER_TOKENS, (room.context or 0) // CONTEXT_SHARE)
    over = room.shortage(needed, in_context=len(prompt) + len(ids) + len(closer))
    if closing is not None and over > 0:
        kept = thought.mark_at(max(0, len(ids) - over))
        ids = ids[: kept.token_ids]
        closer = closing.behind(prompt, ids)
    token_ids = (*prompt, *ids, *closer)
    most = room.left(most, drawn=len(thought.token_ids), in_context=len(token_ids))
    return Resumption(closing, closer, kept, token_ids, None, most) if most > 0 else None


def _in_turns(
    thought: Transcript, order: CloseOrder, closing: PreparedClosing | None, room: Room
) -> Resumption | None:
    words = order.closing.text
    assert words is not None
    if closing is None and words.ask:
        return None  # an answer that has begun is not begun again
    answer = closing.opener if closing is not None else thought.content
    usage = thought.usage
    most = room.left(
        order.in_time(), drawn=usage.completion_tokens if usage is not None else 0, in_context=0
    )
    turn = words.turn(thought.reasoning, answer)
    return Resumption(closing, (), None, (), turn, most) if most > 0 else None
