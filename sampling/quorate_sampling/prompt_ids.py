"""A prompt in token ids, kept once for all samples that share it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quorate_sampling.engine import Engine


@dataclass(slots=True)
class PromptIds:
    """Learnt from whichever sample is told them first, else asked of the engine, once.

    `body` is the chat request they are the prompt of.
    """

    engine: Engine
    body: Mapping[str, Any]
    known: tuple[int, ...] | None = None
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def learn(self, token_ids: tuple[int, ...] | None) -> None:
        """Take note of ids that came with a sample."""
        if self.known is None and token_ids:
            self.known = token_ids

    async def get(self) -> tuple[int, ...]:
        """The ids. Raises EngineError where they are not known and cannot be asked for."""
        async with self._asking:
            if self.known is None:
                self.known = await self.engine.prompt_ids(self.body)
        return self.known
