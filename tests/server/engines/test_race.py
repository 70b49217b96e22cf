import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from quorate_sampling.engine import Delta, Draw, EngineUsage, SampleStream
from quorate_sampling.errors import EngineDenied, EngineError, EngineFailed, EngineRejected
from quorate_server.engines.abort import ABORT_PATH
from quorate_server.engines.hedged import HedgedEngine
from quorate_server.engines.race import LOSER_TAIL_S, Standby
from quorate_server.engines.vllm import HttpEngine
from tests.sampling.scripted import ABLE, PROMPT_IDS, Script, ScriptedEngine
from tests.sampling.virtual_time import loop_clock, virtual_time
from tests.server.engines.engine_pair import (
    AFTER_S,
    CRASHED,
    DOWN,
    STALLED,
    engine,
    pair,
    read,
    text,
)
from tests.server.engines.fake_upstream import (
    Answer,
    Asked,
    FakeResponse,
    FakeUpstream,
    chat_chunk,
    sse,
    told,
    usage_chunk,
)


@virtual_time
async def test_an_engine_that_begins_in_time_is_the_only_one_asked() -> None:
    both = pair(engine(), engine())
    pieces = await read(both.engine().draw(Draw("q-0", {})))
    assert text(pieces) == "46"
    assert pieces[-1].usage == EngineUsage(len(PROMPT_IDS), both.primary.generated)
    assert both.others[0].engine.draws == []
    assert both.budget.counts.sent == 0
    both.assert_nothing_is_left()


@virtual_time
async def test_what_has_not_begun_in_time_is_drawn_by_whoever_begins_first() -> None:
    both = pair(engine(STALLED), engine(Script("47")))
    pieces = await read(both.engine().draw(Draw("q-0", {})))
    assert text(pieces) == "47"
    assert loop_clock() == pytest.approx(AFTER_S + 0.05 + 12 * 0.01, abs=0.05)
    assert (both.budget.counts.sent, both.budget.counts.won) == (1, 1)
    assert both.others[0].ever == 1
    assert both.others[0].engine.draws[0].sample_id != "q-0"
    both.assert_nothing_is_left()


@virtual_time
async def test_both_engines_tokens_are_billed_and_the_prompt_once() -> None:
    """A loser that had tokens which had not come yet: its chunk was not full."""
    silent = Held(tokens=7)
    both = pair(silent.engine, engine(Script("47")))
    pieces = await read(both.engine().draw(Draw("q-0", {})))
    generated = both.others[0].engine.generated
    assert pieces[-1].usage == EngineUsage(len(PROMPT_IDS), generated + 7)
    assert both.budget.counts.wasted_tokens == 7
    assert silent.stopped
    assert silent.closed


@virtual_time
async def test_a_loser_that_does_not_report_leaves_a_bound_marked_as_one() -> None:
    deaf = Held(tokens=7, reports=False)
    both = pair(deaf.engine, engine(Script("47")))
    pieces = await read(both.engine().draw(Draw("q-0", {}, stream_interval=16)))
    generated = both.others[0].engine.generated
    assert pieces[-1].usage == EngineUsage(len(PROMPT_IDS), generated + 16, exact=False)
    assert deaf.closed
    assert loop_clock() < AFTER_S + 0.1 + LOSER_TAIL_S + 0.2


@virtual_time
@pytest.mark.parametrize("hedging", [True, False])
@pytest.mark.parametrize(
    ("error", "estimated"), [(DOWN, False), (CRASHED, True), (EngineDenied("no key"), True)]
)
async def test_an_engine_that_fails_before_its_first_token_is_replaced(
    hedging: bool, error: EngineError, estimated: bool
) -> None:
    both = pair(engine(Script(error=error)), engine(Script("47")), hedging=hedging)
    pieces = await read(both.engine().draw(Draw("q-0", {}, stream_interval=16)))
    assert text(pieces) == "47"
    assert (both.budget.counts.sent, both.budget.counts.failovers) == (0, 1)
    usage, generated = pieces[-1].usage, both.others[0].engine.generated
    assert usage == EngineUsage(
        len(PROMPT_IDS), generated + (16 if estimated else 0), exact=not estimated
    )
    both.assert_nothing_is_left()


@virtual_time
async def test_a_group_of_engines_is_gone_through_once_and_the_first_reason_told() -> None:
    failing = [engine(Script(error=EngineFailed(name))) for name in ("one", "two", "three")]
    three = pair(*failing)
    with pytest.raises(EngineFailed, match="one"):
        await read(three.engine().draw(Draw("q-0", {})))
    assert [len(each.draws) for each in failing] == [1, 1, 1]
    three.assert_nothing_is_left()


@virtual_time
async def test_nothing_is_begun_again_once_a_token_came() -> None:
    both = pair(engine(Script(error=CRASHED, error_after=3)), engine())
    with pytest.raises(EngineFailed):
        await read(both.engine().draw(Draw("q-0", {}, stream_interval=1)))
    assert both.others[0].engine.draws == []
    both.assert_nothing_is_left()


@virtual_time
async def test_a_request_that_is_wrong_is_not_asked_of_another_engine() -> None:
    both = pair(engine(Script(error=EngineRejected("top_p"))), engine())
    with pytest.raises(EngineRejected):
        await read(both.engine().draw(Draw("q-0", {})))
    assert both.others[0].engine.draws == []


@virtual_time
async def test_a_hedge_that_fails_leaves_the_first_engine_racing() -> None:
    both = pair(engine(Script("46", first_s=0.5)), engine(Script(error=CRASHED)))
    assert text(await read(both.engine().draw(Draw("q-0", {})))) == "46"
    assert both.budget.counts.failovers == 0
    both.assert_nothing_is_left()


@virtual_time
async def test_an_engine_that_fails_beside_its_hedge_is_not_replaced_twice() -> None:
    failing_late = engine(Script(error=CRASHED, first_s=0.4))
    three = pair(failing_late, engine(Script("47", first_s=0.5)), engine(Script("48")))
    assert text(await read(three.engine().draw(Draw("q-0", {})))) == "47"
    assert (three.budget.counts.sent, three.budget.counts.failovers) == (1, 0)
    assert three.others[1].engine.draws == []
    three.assert_nothing_is_left()


@virtual_time
@pytest.mark.parametrize("after_s", [0.0, 0.1, AFTER_S + 0.01, 0.5])
async def test_cancelling_ends_it_on_every_engine(after_s: float) -> None:
    both = pair(engine(STALLED), engine(Script(first_s=0.1, thought=1_000)))
    reading = asyncio.create_task(read(both.engine().draw(Draw("q-0", {}))))
    await asyncio.sleep(after_s)
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading
    both.assert_nothing_is_left()
    assert len(asyncio.all_tasks()) == 1


@virtual_time
@pytest.mark.parametrize("after_s", [0.0, 0.1, AFTER_S + 0.01, 0.5])
async def test_stopping_ends_it_on_every_engine_and_it_is_billed(after_s: float) -> None:
    both = pair(engine(STALLED), engine(Script(first_s=0.1, thought=1_000)))
    stream = both.engine().draw(Draw("q-0", {}))
    reading = asyncio.create_task(read(stream))
    await asyncio.sleep(after_s)
    await stream.stop()
    pieces = await reading
    assert pieces[-1].finish_reason == "abort"
    generated = both.primary.generated + both.others[0].engine.generated
    assert pieces[-1].usage == EngineUsage(len(PROMPT_IDS), generated)
    both.assert_nothing_is_left()
    assert len(asyncio.all_tasks()) == 1


@virtual_time
async def test_a_stopped_sample_whose_engine_fails_is_not_begun_elsewhere() -> None:
    both = pair(engine(Script(error=CRASHED, first_s=0.2, deaf=True)), engine())
    stream = both.engine().draw(Draw("q-0", {}))
    reading = asyncio.create_task(read(stream))
    await asyncio.sleep(0.1)
    await stream.stop()
    (last,) = await reading
    assert last.finish_reason == "abort"
    assert last.usage == EngineUsage(0, 16, exact=False)
    assert both.others[0].engine.draws == []
    both.assert_nothing_is_left()


@virtual_time
async def test_a_stopped_sample_that_nobody_else_could_draw_fails_with_its_engine() -> None:
    alone = pair(engine(Script(error=CRASHED, first_s=0.2, deaf=True)))
    stream = alone.engine().draw(Draw("q-0", {}))
    reading = asyncio.create_task(read(stream))
    await asyncio.sleep(0.1)
    await stream.stop()
    with pytest.raises(EngineFailed):
        await reading


@virtual_time
async def test_closing_it_under_its_reader_just_ends_it() -> None:
    both = pair(engine(STALLED), engine(STALLED))
    stream = both.engine().draw(Draw("q-0", {}))
    reading = asyncio.create_task(read(stream))
    await asyncio.sleep(0.5)
    await stream.aclose()
    await stream.aclose()
    assert await reading == []
    both.assert_nothing_is_left()


async def test_an_engine_that_lost_is_told_so_at_once_by_the_requests_id() -> None:
    silent, ended = FakeResponse(), asyncio.Event()

    def answer_slowly(asked: Asked) -> Answer:
        if asked.path != ABORT_PATH:
            return silent
        silent.feed(sse(usage_chunk(3, 2)), None)
        ended.set()
        return told(200, {})

    slow = FakeUpstream(answer_slowly)
    first = {"choices": [{"delta": {"role": "assistant"}}], "prompt_token_ids": [1, 2, 3]}
    begun = FakeResponse().feed(sse(first, chat_chunk(ids=[4], content="4"), done=False))
    quick = FakeUpstream(lambda _: begun)
    one, other = (HttpEngine(each, name="e", abilities=ABLE) for each in (slow, quick))
    budget = pair(engine()).budget
    hedged = HedgedEngine(one, lambda: [Standby(other)], budget, patience_s=lambda: 0.01)
    reading = asyncio.create_task(read(hedged.draw(Draw("q-0", {"model": "m"}))))
    async with asyncio.timeout(1.0):
        await ended.wait()
    assert not reading.done()
    begun.feed(sse(chat_chunk("stop", [5], content="6"), usage_chunk(3, 2)), None)
    pieces = await reading
    asked, aborted = slow.asked
    assert aborted.body == {"request_ids": ["chatcmpl-q-0", "cmpl-q-0-0"]}
    assert asked.headers[b"x-request-id"] != quick.asked[0].headers[b"x-request-id"]
    assert text(pieces) == "46"
    assert pieces[-1].usage == EngineUsage(3, 2 + 2)
    assert silent.closed
    assert begun.closed


class Held:
    """An engine that has generated `tokens` before any of them is sent; reports them if stopped."""

    def __init__(self, tokens: int, *, reports: bool = True) -> None:
        self.engine = _Holding(self)
        self.tokens = tokens
        self.reports = reports
        self.stopped = self.closed = False
        self._over = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[Delta]:
        await self._over.wait()
        usage = EngineUsage(len(PROMPT_IDS), self.tokens)
        yield Delta(token_ids=(50,) * self.tokens, finish_reason="abort", usage=usage)

    async def stop(self) -> None:
        self.stopped = True
        if self.reports:
            self._over.set()

    async def aclose(self) -> None:
        self.closed = True


class _Holding(ScriptedEngine):
    def __init__(self, held: Held) -> None:
        super().__init__()
        self.held = held

    def draw(self, draw: Draw) -> SampleStream:
        return self.held
