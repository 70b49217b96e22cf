"""The simulated engine in real time: its steps take as long as they would on the GPU."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from benchmarks.simulated.timing import Batch, Request

Finish = Literal["stop", "length", "abort"]


@dataclass(slots=True, eq=False)
class Sequence:
    """One sequence while it is generated.

    `ids` is all it will say; `interval` how many tokens are handed on at once, the first alone.
    `tell(sequence)` is called when there is something new in `generated` or `finish`.
    """

    id: str
    ids: list[int]
    finish_reason: Finish
    interval: int
    tell: Callable[["Sequence"], None]
    generated: int = 0
    finish: Finish | None = None
    _told: int = 0

    def grow(self) -> None:
        """One token more."""
        self.generated += 1
        if self.generated == len(self.ids):
            self.end(self.finish_reason)
        elif self.generated == 1 or self.generated - self._told >= self.interval:
            self._told = self.generated
            self.tell(self)

    def end(self, reason: Finish) -> None:
        self.finish = reason
        self.tell(self)


LATE_S = 0.01


@dataclass(slots=True)
class Engine:
    """Steps a batch for as long as there is something in it.

    `late_steps` counts those of its `steps` that ended LATE_S too late or more: the machine that
    plays the GPU was too busy, and figures taken meanwhile are worth as much less.
    """

    batch: Batch = field(default_factory=Batch)
    generated_tokens: int = 0
    steps: int = 0
    late_steps: int = 0
    _sequences: dict[str, Sequence] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self, sequence: Sequence, request: Request) -> None:
        """Generate a sequence. Raises ValueError where it cannot fit."""
        self.batch.add(request)
        self._sequences[sequence.id] = sequence
        self._wake.set()

    def drop(self, sequence: Sequence) -> None:
        """Nobody waits for it any more."""
        if self._sequences.pop(sequence.id, None) is not None:
            self.batch.drop(sequence.id)

    def abort(self, sequence_id: str) -> None:
        """End one now, with what it has said so far; unknown ones are left alone."""
        sequence = self._sequences.get(sequence_id)
        if sequence is not None:
            self.drop(sequence)
            sequence.end("abort")

    async def run(self) -> None:
        """Step until cancelled. Time lost by the machine is made up for by the steps after it."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            if self.batch.idle:
                self._wake.clear()
                await self._wake.wait()
                due = loop.time()
            step = self.batch.step()
            due += step.seconds
            await asyncio.sleep(max(0.0, due - loop.time()))
            self.steps += 1
            self.late_steps += loop.time() - due >= LATE_S
            for sequence_id in step.tokens:
                sequence = self._sequences.get(sequence_id)
                if sequence is None:
                    continue  # aborted while the step ran
                self.generated_tokens += 1
                sequence.grow()
                if sequence.finish is not None:
                    del self._sequences[sequence_id]
