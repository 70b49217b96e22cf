from collections.abc import Callable
from typing import Any

import pytest

from quorate_sampling.closers import PreparedClosing
from quorate_sampling.engine import Abilities
from quorate_server.engines.conversation import Conversation
from quorate_server.engines.thinking import BUDGET, keeps_budget, leaves_unparsed, with_turns
from quorate_server.engines.vllm import HttpEngine
from quorate_server.errors import EngineUnavailable
from tests.server.engines.fake_upstream import (
    BROKEN,
    Answer,
    Asked,
    FakeResponse,
    FakeUpstream,
    chat_chunk,
    sse,
    told,
)

END, START = 2, 3
CLOSING = PreparedClosing((9, END), (END,), last_words="", opener="", start_ids=(START,))
SENDING = Abilities(token_ids=True, thinking_budget=True)


def engine(chat: Callable[[Asked], Answer]) -> HttpEngine:
    return HttpEngine(FakeUpstream(chat), name="e", abilities=SENDING)


def thought(length: int, *behind: int) -> FakeResponse:
    first = {
        **chat_chunk(ids=[50] * length, reasoning="t" * length),
        "prompt_token_ids": [1, START],
    }
    last = chat_chunk("stop", ids=behind, content="46")
    return FakeResponse().feed(sse(first, last), None)


async def test_an_engine_that_ends_a_thought_at_its_budget_keeps_it() -> None:
    asked: list[dict[str, Any]] = []

    def chat(request: Asked) -> Answer:
        asked.append(request.body)
        return thought(BUDGET, END, 52)

    assert await keeps_budget(engine(chat), "m", CLOSING)
    assert asked[0]["thinking_token_budget"] == BUDGET
    assert asked[0]["model"] == "m"


@pytest.mark.parametrize(
    "answer",
    [
        thought(4 * BUDGET),  # accepted, and nothing done
        thought(2 * BUDGET, END),  # it ended by itself, later
        thought(BUDGET - 2, END),  # ... or before
        told(400, {"error": {"message": "no such field"}}),
        told(500, {}),
        FakeResponse().feed(BROKEN),
        FakeResponse().feed(b"data: nonsense\n\n", None),
    ],
)
async def test_an_engine_that_does_not_is_not_counted_on(answer: Answer) -> None:
    assert not await keeps_budget(engine(lambda _: answer), "m", CLOSING)


async def test_an_engine_that_is_gone_is_told_as_such() -> None:
    with pytest.raises(EngineUnavailable):
        await keeps_budget(engine(lambda _: EngineUnavailable("gone")), "m", CLOSING)


@pytest.mark.parametrize(
    ("prompt", "said", "left"),
    [
        ([1, START], {"content": "so"}, True),
        ([1, START], {"reasoning": "so"}, False),
        ([1, START], {}, False),
        ([1], {"content": "so"}, False),  # the model would begin the thought, and has not
        ([1, START, END], {"content": "so"}, False),
    ],
)
async def test_an_engine_without_a_parser_is_seen_by_what_it_says(
    prompt: list[int], said: dict[str, str], left: bool
) -> None:
    first = {**chat_chunk(ids=[50], **said), "prompt_token_ids": prompt}
    answer = FakeResponse().feed(sse(first, chat_chunk("length")), None)
    assert await leaves_unparsed(engine(lambda _: answer), "m", CLOSING) is left


def counting(*, goes_on: bool, switches: bool) -> FakeUpstream:
    """Says how long prompts are; ignores what it does not know."""

    def answer(asked: Asked) -> Answer:
        body = asked.body
        tokens = 10 * len(body["messages"])
        if goes_on and body.get("continue_final_message"):
            tokens -= 4
        if switches and "chat_template_kwargs" in body:
            tokens += 4
        return told(200, {"usage": {"prompt_tokens": tokens, "completion_tokens": 1}})

    return FakeUpstream(answer)


@pytest.mark.parametrize("goes_on", [False, True])
@pytest.mark.parametrize("switches", [False, True])
async def test_what_an_engine_makes_of_turns_is_seen_in_the_prompt(
    goes_on: bool, switches: bool
) -> None:
    upstream = counting(goes_on=goes_on, switches=switches)
    able = await with_turns(Conversation(upstream, ()), "m", Abilities(exact_usage=True))
    assert able == Abilities(exact_usage=True, goes_on=goes_on, thinking_off=switches)


@pytest.mark.parametrize(
    ("status", "body"), [(400, {}), (500, {}), (200, {"choices": []}), (200, "x")]
)
async def test_an_engine_that_does_not_say_takes_no_turns(status: int, body: object) -> None:
    upstream = FakeUpstream(lambda _: told(status, body))
    able = await with_turns(Conversation(upstream, ()), "m", Abilities())
    assert able == Abilities()
