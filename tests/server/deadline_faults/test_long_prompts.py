"""Prompts of thousands of tokens under a second: answered in time, or refused before it is up."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from quorate_sampling.engine import Continuation, Delta, Draw, EngineUsage, SampleStream
from tests.server.deadline_faults.played import (
    OPEN,
    SLACK_S,
    THOUGHT,
    Gateway,
    PlayedEngine,
    PlayedStream,
    Step,
    Told,
    gateway,
    said,
)
from tests.server.deadline_faults.side_by_side import Shape, in_every_shape

BUDGET_MS = 900
TOKENS = 8_000
FIRST_ID = 10_000
"""Those of prompts begin here."""


class Prefilling(PlayedEngine):
    """Reads so many tokens a second, a word being a token; then it thinks for ever.

    With a prefix cache (`cached`) a prompt that it has read once takes no time.
    """

    tokens_s: float = 1_000.0
    cached: bool = True

    def __init__(self) -> None:
        super().__init__()
        self.known: set[tuple[int, ...]] = set()

    def draw(self, draw: Draw) -> SampleStream:
        self.draws.append(draw)
        ids = self.ids_of(draw.body)
        read = (self.reading_s(ids, ids), replace(OPEN, prompt_token_ids=ids))
        return self._played(Reading(self, ids, [read, *[(0.01, THOUGHT)] * 9_999]))

    def resume(self, continuation: Continuation) -> SampleStream:
        self.resumed.append(continuation)
        ids = tuple(continuation.token_ids)
        prompt = tuple(each for each in ids if each >= FIRST_ID)
        read = (self.reading_s(ids, prompt), Delta())
        return self._played(Reading(self, prompt, [read, *said("13")]))

    def reading_s(self, ids: tuple[int, ...], prompt: tuple[int, ...]) -> float:
        return 0.005 if prompt in self.known else len(ids) / self.tokens_s

    def ids_of(self, body: Mapping[str, Any]) -> tuple[int, ...]:
        words = body["messages"][-1]["content"].split()
        return tuple(FIRST_ID + int(word) for word in words)

    async def prompt_ids(self, body: Mapping[str, Any]) -> tuple[int, ...]:
        self.prompts_asked += 1
        await asyncio.sleep(0.002)
        return self.ids_of(body)


class Reading(PlayedStream):
    """A stream whose prompt is in the engine's cache once its first piece is there."""

    def __init__(self, engine: Prefilling, prompt: tuple[int, ...], steps: list[Step]) -> None:
        super().__init__(steps)
        self.engine = engine
        self.prompt = prompt

    async def __aiter__(self) -> AsyncIterator[Delta]:
        async for piece in super().__aiter__():
            if self.engine.cached and piece.finish_reason is None:
                self.engine.known.add(self.prompt)
            yield piece

    def _last(self, why: str) -> Delta:
        return Delta(finish_reason=why, usage=EngineUsage(len(self.prompt), self.generated))


def prompt(words: int = TOKENS, number: int = 100) -> dict[str, Any]:
    """A prompt that shares no prefix with those of other numbers."""
    return {"messages": [{"role": "user", "content": f"{number} " * words}]}


async def show_its_pace(gw: Gateway) -> None:
    """Requests with time for a thought, from which the gateway learns how fast the engine reads."""
    for number, words in enumerate((20, 500, 20, 2_000, 500), 200):
        told = await gw.ask(deadline_ms=800, **prompt(words, number))
        assert told.deadline["plan"]["mode"] != "closed"


def assert_in_time(told: Told) -> None:
    """An answer, an abstention, a miss or a refusal, but never later than asked for."""
    assert told.seconds < BUDGET_MS / 1000 + SLACK_S
    if not told.failed:
        assert told.met
        assert "13" in told.content or b'"abstained":true' in told.body
    else:
        assert told.error["code"] in ("deadline_exceeded", "deadline_infeasible", "overloaded")


@in_every_shape
@pytest.mark.parametrize("tokens_s", [1_000.0, 12_000.0, 100_000.0], ids=["slow", "tight", "fast"])
async def test_an_engine_that_is_not_known_yet_makes_nobody_late(
    shape: Shape, tokens_s: float
) -> None:
    engine = Prefilling()
    engine.tokens_s = tokens_s
    async with gateway(engine) as gw:
        told = await gw.ask(deadline_ms=BUDGET_MS, **prompt(), **shape)
    assert_in_time(told)
    if tokens_s == 100_000.0:
        assert "13" in told.content


async def test_an_engine_that_was_seen_to_be_too_slow_is_not_asked_again() -> None:
    engine = Prefilling()
    engine.tokens_s = 6_000.0
    async with gateway(engine) as gw:
        await show_its_pace(gw)
        engine.draws.clear()
        asked = prompt(number=109)
        refusals = [
            await gw.ask(deadline_ms=BUDGET_MS, **asked, **each)
            for each in ({}, {"stream": True}, {"consensus": 3})
        ]
        short = await gw.ask(deadline_ms=BUDGET_MS, **prompt(20))
    for told in refusals:
        assert (told.status, told.error["code"]) == (400, "deadline_infeasible")
        assert int(told.headers["x-quorate-earliest-ms"]) > BUDGET_MS
        assert told.headers["x-should-retry"] == "false"
        assert told.seconds < SLACK_S
    assert len(engine.draws) <= 1, "the short one's"
    assert (short.content, short.met) == ("13", True)


@in_every_shape
async def test_a_continuation_that_is_read_anew_makes_nobody_late(shape: Shape) -> None:
    """An engine without a prefix cache reads the whole prompt a second time behind the closer."""
    engine = Prefilling()
    engine.tokens_s, engine.cached = 12_000.0, False
    async with gateway(engine) as gw:
        told = await gw.ask(deadline_ms=BUDGET_MS, **prompt(), **shape)
    assert_in_time(told)


async def test_a_prompt_that_takes_half_the_budget_to_read_is_answered() -> None:
    """Cut before its first token came, and read a second time for the answer, it would be late."""
    engine = Prefilling()
    engine.tokens_s = 6_000.0
    async with gateway(engine) as gw:
        await show_its_pace(gw)
        told = await gw.ask(deadline_ms=2_500, **prompt(number=300))
    assert told.status == 200
    assert told.content == "13"
    assert told.met
