"""The engine itself as judge of whether two answers mean the same."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from quorate_sampling.closers import PreparedClosing
from quorate_sampling.engine import Continuation, Draw, Engine, EngineUsage, SampleStream
from quorate_sampling.errors import EngineRejected, EngineUnavailable
from quorate_verifiers.equivalence import entailment_prompt, read_entailment

VERDICT_TOKENS = 16
"""Of a verdict behind a thought that was closed at once."""
REASONED_TOKENS = 1024
"""Where a thought cannot be closed: the verdict has to come within these."""


@dataclass(slots=True)
class EngineJudge:
    """Asks the model whether one answer entails another: greedily, and without a thought of its
    own where the engine lets it be closed. Every question is billed by `on_usage`.

    `left` says how many tokens may still be spent, None for any number; where they are spent
    nothing is asked, and the verdict is open.
    """

    engine: Engine
    model: str
    request_id: str
    closing: PreparedClosing | None
    on_usage: Callable[[EngineUsage], None]
    left: Callable[[], int | None] = lambda: None
    _asked: int = field(default=0)

    async def __call__(self, question: str, one: str, other: str) -> bool | None:
        """See `Judge`. Raises EngineError."""
        left = self.left()
        most = VERDICT_TOKENS if self.closing is not None else REASONED_TOKENS
        if left is not None and left < most:
            return None
        messages = [{"role": "user", "content": entailment_prompt(question, one, other)}]
        body = {"model": self.model, "messages": messages, "temperature": 0}
        self._asked += 1
        return read_entailment(await self._reply(body, f"{self.request_id}-judge{self._asked}"))

    async def _reply(self, body: dict[str, Any], sample_id: str) -> str:
        if self.closing is None:
            draw = Draw(sample_id, body, max_tokens=REASONED_TOKENS)
            return await self._read(self.engine.draw(draw), "", REASONED_TOKENS)
        prompt = await self.engine.prompt_ids(body)
        closer = self.closing.behind(prompt, ())
        continuation = Continuation(
            sample_id, body, (*prompt, *closer), VERDICT_TOKENS, stream_interval=VERDICT_TOKENS
        )
        opener = self.closing.opener
        return await self._read(self.engine.resume(continuation), opener, VERDICT_TOKENS)

    async def _read(self, stream: SampleStream, opener: str, most: int) -> str:
        said = [opener]
        usage: EngineUsage | None = EngineUsage(0, most, exact=False)  # until it is reported
        try:
            async for piece in stream:
                said.append(piece.content)
                usage = piece.usage or usage
        except (EngineUnavailable, EngineRejected):
            usage = None  # nothing was generated
            raise
        finally:
            if usage is not None:
                self.on_usage(usage)
            await stream.aclose()
        return "".join(said)
