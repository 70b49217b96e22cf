import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from examples.voice_turn import FILLER, Turn, main, turn
from quorate import AsyncQuorate
from tests.examples.answering import Answering
from tests.sampling.scripted import Script
from tests.sdk.faults.hostile import Hostile
from tests.sdk.faults.mistreating import Exchange, Fault, dripped_body, mute
from tests.sdk.faults.wire import SSE, delta, event
from tests.server.live_gateway import live_gateway
from tests.server.scripted_gateway import quick, slow

HEARD = "Are you open on Monday at noon?"
REPLY = "We are closed on Mondays. Would Tuesday suit you?"
ASKED_FOR = quick("opening hours")


def engine(reply: Script, wish: Script = ASKED_FOR) -> Answering:
    return Answering(
        by_phrase={"A caller of our restaurant": [wish], HEARD: [reply]},
        forced=quick("Sorry. We are", thought=0),
    )


async def turned(reply: Script, wish: Script = ASKED_FOR, budget_s: float = 2.0) -> Turn:
    with live_gateway(engine(reply, wish)) as url:
        async with AsyncQuorate(base_url=f"{url}/v1") as client:
            return await turn(client, "abacus", HEARD, budget_s)


@asynccontextmanager
async def facing(hostile: Hostile) -> AsyncIterator[AsyncQuorate]:
    async with (
        hostile.serve() as port,
        AsyncQuorate(base_url=f"http://127.0.0.1:{port}/v1") as client,
    ):
        yield client


async def breaks_off(exchange: Exchange) -> None:
    """Says a sentence and the beginning of another."""
    await exchange.say(SSE + event(**delta(content="We are closed on Mondays. Would")))
    await exchange.wait()


async def test_a_turn_with_time_enough_is_said_whole() -> None:
    assert await turned(quick(REPLY)) == Turn("opening hours", REPLY, "whole")


async def test_the_reply_knows_the_wish() -> None:
    answering = engine(quick(REPLY))
    with live_gateway(answering) as url:
        async with AsyncQuorate(base_url=f"{url}/v1") as client:
            await turn(client, "abacus", HEARD, 2.0)
    assert "opening hours" in answering.draws[-1].body["messages"][0]["content"]


async def test_endless_thinking_is_answered_in_time() -> None:
    began_at = time.monotonic()
    done = await turned(slow())
    assert time.monotonic() - began_at < 2.3
    assert done.kind != "filler"
    assert done.said.startswith("Sorry.")


async def test_an_unknown_wish_does_not_cost_the_reply() -> None:
    done = await turned(quick(REPLY), wish=quick("I cannot say"))
    assert (done.wish, done.said) == ("something else", REPLY)


@pytest.mark.parametrize("fault", [mute, dripped_body])
async def test_a_server_that_says_nothing_in_time_leaves_the_filler(fault: Fault) -> None:
    async with facing(Hostile([fault], good=0.0)) as client:
        began_at = time.monotonic()
        done = await turn(client, "m", HEARD, 0.6)
        assert time.monotonic() - began_at < 0.8
    assert done == Turn("something else", FILLER, "filler")


async def test_nobody_at_the_other_end_leaves_the_filler() -> None:
    async with AsyncQuorate(base_url="http://127.0.0.1:9/v1") as client:
        done = await turn(client, "m", HEARD, 0.6)
    assert done.said == FILLER


async def test_a_reply_that_breaks_off_ends_with_its_last_whole_sentence() -> None:
    async with facing(Hostile([breaks_off], good=0.0)) as client:
        done = await turn(client, "m", HEARD, 0.8)
    assert (done.said, done.kind) == ("We are closed on Mondays.", "cut")


async def test_the_command_prints_what_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with live_gateway(engine(quick(REPLY))) as url:
        monkeypatch.setattr(sys, "argv", ["", "--base-url", f"{url}/v1", HEARD])
        await main()
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"(opening hours) {REPLY}"
    assert second.startswith("whole, ")
