"""Prompts of thousands of tokens under a second: answered in time, or refused before it is up."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from quorate_sampling.engine import Continuation, Delta, Draw, EngineUsage, SampleStream
from tests.server.deadline_faults.played import (
    PlayedEngine,
    PlayedStream,
    Step,
    Told,
    gateway,
    said,
)

BUDGET_MS = 900
TOKENS = 8_000
SHAPES: list[dict[str, Any]] = [
    {},
    {"stream": True},
    {"consensus": 3},
    {"consensus": 3, "stream": True},
]
IDS = ["plain", "streamed", "group", "streamed group"]
WORDS = " ".join(["word"] * TOKENS)


class Prefilling(PlayedEngine):
    """Reads a prompt at so many tokens a second, unless it has read it before; a word is a token.

    Then it thinks for ever, 100 tokens a second.
    """

    tokens_s: float = 1_000.0
    cached: bool = True

    def draw(self, draw: Draw) -> SampleStream:
        self.draws.append(draw)
        ids = self.ids_of(draw.body)
        first = Delta(reasoning="t", token_ids=(50,), prompt_token_ids=ids)
        thought = Delta(reasoning="t", token_ids=(50,))
        return self._played(
            _Read(ids, [(len(ids) / self.tokens_s, first), *[(0.01, thought)] * 9_999])
        )

    def resume(self, continuation: Continuation) -> SampleStream:
        self.resumed.append(continuation)
        ids = tuple(continuation.token_ids)
        prefill_s = 0.005 if self.cached else len(ids) / self.tokens_s
        return self._played(_Read(ids, [(prefill_s, Delta()), *said("13")]))

    def ids_of(self, body: Mapping[str, Any]) -> tuple[int, ...]:
        text = body["messages"][-1]["content"]
        return tuple(range(1000, 1000 + len(text.split())))

    async def prompt_ids(self, body: Mapping[str, Any]) -> tuple[int, ...]:
        self.prompts_asked += 1
        await asyncio.sleep(0.002)
        return self.ids_of(body)


class _Read(PlayedStream):
    def __init__(self, ids: tuple[int, ...], steps: list[Step]) -> None:
        super().__init__(steps)
        self.prompt = len(ids)

    def _last(self, why: str) -> Delta:
        return Delta(finish_reason=why, usage=EngineUsage(self.prompt, self.generated))


def prompt(words: int = TOKENS) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": " ".join(["word"] * words)}]}


def assert_in_time(told: Told, shape: dict[str, Any]) -> None:
    """An answer, an abstention, a miss or a refusal, but never later than asked for."""
    assert told.seconds < BUDGET_MS / 1000 + 0.05
    if told.status == 200 and b'"error"' not in told.body:
        assert told.deadline["met"] is True
        assert "13" in told.content or b'"abstained":true' in told.body
    else:
        assert told.error["code"] in ("deadline_exceeded", "deadline_infeasible", "overloaded")


@pytest.mark.parametrize("shape", SHAPES, ids=IDS)
@pytest.mark.parametrize("tokens_s", [1_000.0, 12_000.0, 100_000.0], ids=["slow", "tight", "fast"])
async def test_an_engine_that_is_not_known_yet_makes_nobody_late(
    shape: dict[str, Any], tokens_s: float
) -> None:
    engine = Prefilling()
    engine.tokens_s = tokens_s
    async with gateway(engine) as gw:
        told = await gw.ask(deadline_ms=BUDGET_MS, **prompt(), **shape)
    assert_in_time(told, shape)
    if tokens_s == 100_000.0:
        assert "13" in told.content


@pytest.mark.parametrize("shape", SHAPES, ids=IDS)
async def test_an_engine_that_was_seen_to_be_too_slow_is_not_asked_again(
    shape: dict[str, Any],
) -> None:
    engine = Prefilling()
    engine.tokens_s = 4_000.0
    async with gateway(engine) as gw:
        for _ in range(4):
            await gw.ask(deadline_ms=6_000, **prompt())
        engine.draws.clear()
        told = await gw.ask(deadline_ms=BUDGET_MS, **prompt(), **shape)
    assert (told.status, told.error["code"]) == (400, "deadline_infeasible")
    assert int(told.headers["x-quorate-earliest-ms"]) > BUDGET_MS
    assert told.headers["x-should-retry"] == "false"
    assert told.seconds < 0.05
    assert engine.draws == []


async def test_a_short_prompt_beside_long_ones_is_still_answered() -> None:
    engine = Prefilling()
    engine.tokens_s = 4_000.0
    async with gateway(engine) as gw:
        for _ in range(4):
            await gw.ask(deadline_ms=6_000, **prompt())
        told = await gw.ask(deadline_ms=BUDGET_MS, **prompt(20))
    assert told.content == "13"
    assert told.deadline["met"] is True


@pytest.mark.parametrize("shape", SHAPES, ids=IDS)
async def test_a_continuation_that_is_read_anew_makes_nobody_late(shape: dict[str, Any]) -> None:
    """An engine without a prefix cache reads the whole prompt a second time behind the closer."""
    engine = Prefilling()
    engine.tokens_s, engine.cached = 12_000.0, False
    async with gateway(engine) as gw:
        told = await gw.ask(deadline_ms=BUDGET_MS, **prompt(), **shape)
    assert_in_time(told, shape)
