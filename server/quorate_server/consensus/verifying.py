"""The engine itself as verifier: how likely it holds an answer to be true."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from quorate_sampling.engine import Engine, EngineUsage
from quorate_sampling.labels import LabelScorer, PreparedLabels, prepare_labels
from quorate_sampling.softmax import softmax
from quorate_server.errors import EngineError, RequestError
from quorate_verifiers import Answer

VERDICTS = ("True", "False")
PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class SelfVerifier:
    """P(True) of Kadavath et al. 2022 (arXiv:2207.05221, section 4).

    The model is shown the question and an answer, asked whether that is true or false, and the two
    are scored without being drawn: p(True) / (p(True) + p(False)). What fails, or takes longer than
    `time_s` says there is, is undecided. Every question is billed by `on_usage`.
    """

    engine: Engine
    scorer: LabelScorer
    prepared: PreparedLabels
    model: str
    question: str
    on_usage: Callable[[EngineUsage], None]
    time_s: Callable[[], float] = field(default=lambda: PATIENCE_S)

    async def __call__(self, answer: Answer) -> float | None:
        usage: EngineUsage | None = None
        try:
            async with asyncio.timeout(min(PATIENCE_S, self.time_s())):
                prompt = await self.engine.prompt_ids(self._body(answer))
                prefix = self.prepared.prefix(prompt, ())
                usage = most_for(self.prepared)
                scored = await self.scorer.score(prefix, self.prepared.token_ids)
                usage = scored.usage
        except (EngineError, TimeoutError):
            return None
        finally:
            if usage is not None:
                self.on_usage(usage)
        if max(scored.logprobs) == float("-inf"):
            return None
        return softmax(scored.logprobs)[0]

    def _body(self, answer: Answer) -> dict[str, Any]:
        asked = (
            f"Question: {self.question}\nProposed answer: {answer.text}\n"
            "Is the proposed answer True or False? Put the word in \\boxed{}."
        )
        return {"model": self.model, "messages": [{"role": "user", "content": asked}]}


def most_for(prepared: PreparedLabels) -> EngineUsage:
    """What scoring may have taken at most, where the engine could not report it."""
    return EngineUsage(0, sum(map(len, prepared.token_ids)), exact=False)


async def prepared_verdicts(engine: Engine) -> PreparedLabels:
    """The verdicts in the engine's token ids.

    Raises RequestError where it cannot score them, EngineError where it cannot be asked.
    """
    prepared = await prepare_labels(engine, VERDICTS)
    if prepared is None:
        raise RequestError(
            "`consensus.voting`: this engine cannot verify: it takes no token ids, or how its "
            "model's thoughts end is not known.",
            param="consensus.voting",
        )
    return prepared
