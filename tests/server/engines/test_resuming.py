"""Going on with a cut sample over HTTP: from token ids, and where there are none, in turns."""

from collections.abc import Sequence
from typing import Any

import pytest

from quorate_sampling.closers import Closing
from quorate_sampling.engine import Abilities, Continuation, Delta
from quorate_sampling.turns import Turn
from quorate_server.engines.families import family_of
from quorate_server.engines.model_card import ModelCard
from quorate_server.engines.vllm import CHAT_PATH, COMPLETIONS_PATH, HttpEngine
from tests.server.engines.fake_upstream import FakeResponse, FakeUpstream, chat_chunk, sse

BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


async def resumed(
    chunks: Sequence[Any],
    continuation: Continuation,
    *,
    able: Abilities | None = None,
    closing: Closing | None = None,
) -> tuple[str, str, str]:
    """The path that was asked, and the reasoning and content that came of it."""
    upstream = FakeUpstream(lambda _: FakeResponse().feed(sse(*chunks), None))
    engine = HttpEngine(upstream, name="e", abilities=able or Abilities(), closing=closing)
    stream = engine.resume(continuation)
    pieces: list[Delta] = [piece async for piece in stream]
    said = ("".join(p.reasoning for p in pieces), "".join(p.content for p in pieces))
    return (upstream.asked[0].path, *said)


@pytest.mark.parametrize("turn", [Turn("hm ["), Turn("hm", "Now?")])
async def test_what_a_parser_takes_for_a_thought_behind_its_end_is_the_answer(turn: Turn) -> None:
    chunks = [chat_chunk(reasoning="4"), chat_chunk("stop", reasoning="6]")]
    able = Abilities(goes_on=True, thinking_off=True)
    told = await resumed(chunks, Continuation("s", BODY, (), 9, turn=turn), able=able)
    assert told == (CHAT_PATH, "", "46]")


async def test_a_model_that_is_asked_anew_may_think_anew() -> None:
    chunks = [chat_chunk(reasoning="so"), chat_chunk("stop", content="46")]
    told = await resumed(chunks, Continuation("s", BODY, (), 9, turn=Turn("hm", "Now?")))
    assert told == (CHAT_PATH, "so", "46")


async def test_the_marks_around_an_answer_are_no_part_of_it() -> None:
    closing = family_of(ModelCard("NovaSky-AI/Sky-T1-32B-Preview")).closing
    pieces = ["46}", "\n\n<|end_of_", "solution|>"]
    chunks = [{"choices": [{"text": text}]} for text in pieces]
    chunks.append({"choices": [{"text": "", "finish_reason": "stop"}]})
    told = await resumed(chunks, Continuation("s", BODY, (1, 2), 9), closing=closing)
    assert told == (COMPLETIONS_PATH, "", "46}\n\n")
