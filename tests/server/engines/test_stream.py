import asyncio
import contextlib

import pytest

from quorate_sampling.engine import Abilities, Continuation, Delta, Draw, EngineUsage
from quorate_server.engines.abort import ABORT_PATH
from quorate_server.engines.vllm import HttpEngine
from quorate_server.errors import EngineFailed, EngineRejected, EngineUnavailable
from tests.server.engines.fake_upstream import (
    BROKEN,
    Answer,
    Asked,
    FakeResponse,
    FakeUpstream,
    chat_chunk,
    sse,
    told,
    usage_chunk,
)

ALL = Abilities(True, True, True, True, True)
FIRST = {"choices": [{"delta": {"role": "assistant"}}], "prompt_token_ids": [1, 2, 3]}


class Scripted:
    """An engine whose streams the test feeds, and whose aborts it watches."""

    def __init__(self, abilities: Abilities = ALL, *, ends_on_abort: int | None = None) -> None:
        self.response = FakeResponse()
        self.aborted: list[list[str]] = []
        self.heard = asyncio.Event()
        self._ends_on_abort = ends_on_abort
        self.upstream = FakeUpstream(self._answer)
        self.engine = HttpEngine(self.upstream, name="e", abilities=abilities)

    def _answer(self, asked: Asked) -> Answer:
        if asked.path != ABORT_PATH:
            return self.response
        self.aborted.append(asked.body["request_ids"])
        if self._ends_on_abort == len(self.aborted):
            tail = sse(chat_chunk("abort", [9], content="t"), usage_chunk(3, 5))
            self.response.feed(tail, None)
        self.heard.set()
        return told(200, {})

    def draw(self, max_tokens: int | None = None) -> "asyncio.Task[list[Delta]]":
        self.stream = self.engine.draw(Draw("s1", {"model": "m"}, max_tokens=max_tokens))
        return asyncio.create_task(collect(self.stream))


async def collect(stream: object) -> list[Delta]:
    return [delta async for delta in stream]  # type: ignore[attr-defined]


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_last_piece_carries_reason_and_usage() -> None:
    scripted = Scripted()
    scripted.response.feed(
        sse(FIRST, chat_chunk(ids=[4], reasoning="a"), done=False),
        sse(chat_chunk("stop", [5, 6], content="b"), usage_chunk(3, 3)),
        None,
    )
    deltas = await scripted.draw()
    assert deltas[0] == Delta(prompt_token_ids=(1, 2, 3))
    assert deltas[1] == Delta(reasoning="a", token_ids=(4,))
    assert deltas[2] == Delta(
        content="b", token_ids=(5, 6), finish_reason="stop", usage=EngineUsage(3, 3)
    )
    assert len(deltas) == 3


async def test_a_request_carries_its_own_id_and_the_engines_key() -> None:
    scripted = Scripted()
    scripted.engine = HttpEngine(
        scripted.upstream, name="e", abilities=ALL, headers=[(b"authorization", b"Bearer k")]
    )
    scripted.response.feed(sse(chat_chunk("stop"), usage_chunk(1, 1)), None)
    await scripted.draw()
    headers = scripted.upstream.asked[0].headers
    assert headers[b"x-request-id"] == b"s1"
    assert headers[b"authorization"] == b"Bearer k"


async def test_nothing_is_sent_before_the_first_iteration() -> None:
    scripted = Scripted()
    stream = scripted.engine.draw(Draw("s1", {}))
    await settle()
    await stream.stop()
    assert [d async for d in stream] == [Delta(finish_reason="abort", usage=EngineUsage())]
    assert scripted.upstream.asked == []


async def test_stop_aborts_by_id_and_yields_the_tail_with_its_exact_usage() -> None:
    scripted = Scripted(ends_on_abort=1)
    scripted.response.feed(sse(FIRST, chat_chunk(ids=[4, 5, 6, 7], reasoning="a"), done=False))
    drawing = scripted.draw()
    await settle()
    await scripted.stream.stop()
    deltas = await drawing
    assert scripted.aborted == [["chatcmpl-s1", "cmpl-s1-0"]]
    assert deltas[-1] == Delta(
        content="t", token_ids=(9,), finish_reason="abort", usage=EngineUsage(3, 5)
    )


async def test_an_abort_that_the_engine_ignored_is_asked_for_again() -> None:
    scripted = Scripted(ends_on_abort=2)
    drawing = scripted.draw()
    await settle()
    await scripted.stream.stop()
    assert (await drawing)[-1].usage == EngineUsage(3, 5)
    assert len(scripted.aborted) == 2


async def test_an_abort_before_the_first_token_has_usage_and_no_reason() -> None:
    scripted = Scripted()
    drawing = scripted.draw()
    await settle()
    await scripted.stream.stop()
    scripted.response.feed(sse(FIRST, usage_chunk(3, 0)), None)
    assert (await drawing)[-1] == Delta(finish_reason="abort", usage=EngineUsage(3, 0))


async def test_an_engine_that_does_not_end_is_left_with_a_bound_of_its_bill() -> None:
    scripted = Scripted()
    scripted.response.feed(sse(FIRST, chat_chunk(ids=[4, 5], reasoning="a"), done=False))
    drawing = scripted.draw()
    await settle()
    await scripted.stream.stop()
    deltas = await drawing
    assert deltas[-1] == Delta(finish_reason="abort", usage=EngineUsage(3, 2 + 16 + 2, False))
    assert scripted.response.closed


async def test_where_nothing_can_be_aborted_stop_closes_at_once() -> None:
    scripted = Scripted(Abilities(token_ids=True, stream_interval=True))
    scripted.response.feed(sse(FIRST, chat_chunk(ids=[4, 5], reasoning="a"), done=False))
    drawing = scripted.draw(max_tokens=7)
    await settle()
    await scripted.stream.stop()
    await settle()
    assert drawing.done(), "there is nothing to wait for"
    deltas = await drawing
    assert deltas[-1].usage == EngineUsage(3, 7, False), "no bound lies above the request's limit"
    assert scripted.aborted == []
    assert scripted.response.closed


async def test_stop_while_the_head_is_awaited_closes_that_request() -> None:
    cancelled = asyncio.Event()

    async def never(_: Asked) -> FakeResponse:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    engine = HttpEngine(FakeUpstream(never), name="e", abilities=Abilities())
    stream = engine.draw(Draw("s1", {}))
    drawing = asyncio.create_task(collect(stream))
    await settle()
    await stream.stop()
    assert (await drawing)[-1].finish_reason == "abort"
    assert cancelled.is_set()


async def test_stopping_many_samples_takes_one_request() -> None:
    scripted = Scripted()
    streams = [scripted.engine.draw(Draw(f"s{i}", {})) for i in range(5)]
    tasks = [asyncio.create_task(collect(stream)) for stream in streams]
    await settle()
    await asyncio.gather(*(stream.stop() for stream in streams))
    await scripted.heard.wait()
    assert len(scripted.aborted) == 1
    assert len(scripted.aborted[0]) == 10
    for stream in streams:
        await stream.aclose()
    await asyncio.gather(*tasks)


async def test_leaving_early_closes_the_connection() -> None:
    scripted = Scripted()
    scripted.response.feed(sse(FIRST, chat_chunk(ids=[4], reasoning="a"), done=False))
    stream = scripted.engine.draw(Draw("s1", {}))
    async for _ in stream:
        break
    await stream.aclose()
    await stream.aclose()
    assert scripted.response.closed
    assert await collect(stream) == []


async def test_aclose_ends_an_iteration_that_waits_elsewhere() -> None:
    scripted = Scripted()
    drawing = scripted.draw()
    await settle()
    await scripted.stream.aclose()
    async with asyncio.timeout(1):
        await drawing
    assert scripted.response.closed


async def test_cancelling_the_iteration_closes_the_connection() -> None:
    scripted = Scripted()
    drawing = scripted.draw()
    await settle()
    drawing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await drawing
    assert scripted.response.closed


@pytest.mark.parametrize("end", [(b"data: [DONE]\n\n", None), (None,), (BROKEN,)])
async def test_a_stream_that_ends_without_a_reason_is_a_failure(
    end: tuple[bytes | Exception | None, ...],
) -> None:
    scripted = Scripted()
    scripted.response.feed(sse(chat_chunk(ids=[4], content="a"), done=False), *end)
    with pytest.raises(EngineFailed):
        await scripted.draw()
    assert scripted.response.closed


async def test_an_error_in_mid_stream_is_a_failure() -> None:
    scripted = Scripted()
    scripted.response.feed(sse({"error": {"message": "engine died", "code": 500}}), None)
    with pytest.raises(EngineFailed, match="engine died"):
        await scripted.draw()


async def test_without_usage_the_ids_are_counted() -> None:
    scripted = Scripted(Abilities(token_ids=True))
    scripted.response.feed(sse(FIRST, chat_chunk(ids=[4]), chat_chunk("stop", [5])), None)
    assert (await scripted.draw())[-1].usage == EngineUsage(3, 2, True)


async def test_without_usage_and_ids_the_text_is_a_bound() -> None:
    scripted = Scripted(Abilities())
    scripted.response.feed(sse(chat_chunk(content="añ"), chat_chunk("stop")), None)
    usage = (await scripted.draw())[-1].usage
    assert usage is not None
    assert usage.completion_tokens >= 3
    assert not usage.exact


async def test_usage_in_the_last_chunk_itself_counts() -> None:
    scripted = Scripted(Abilities())
    last = chat_chunk("stop", content="a") | usage_chunk(2, 6)
    last["choices"] = chat_chunk("stop", content="a")["choices"]
    scripted.response.feed(sse(last), None)
    assert (await scripted.draw())[-1].usage == EngineUsage(2, 6)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (told(400, {"error": {"message": "no"}}), EngineRejected),
        (told(500, {}), EngineFailed),
        (told(503, {}), EngineUnavailable),
        (EngineUnavailable("refused"), EngineUnavailable),
    ],
)
async def test_refusals_are_raised_on_iteration(answer: Answer, kind: type[Exception]) -> None:
    engine = HttpEngine(FakeUpstream(lambda _: answer), name="e", abilities=ALL)
    stream = engine.draw(Draw("s1", {}))
    with pytest.raises(kind):
        await collect(stream)


async def test_a_continuation_goes_on_from_token_ids() -> None:
    scripted = Scripted()
    chunk = {"choices": [{"text": "4", "token_ids": [52], "finish_reason": "stop"}]}
    scripted.response.feed(sse(chunk, usage_chunk(9, 1)), None)
    continuation = Continuation("s2", {"model": "m", "top_p": 0.9}, (1, 2), max_tokens=4)
    deltas = await collect(scripted.engine.resume(continuation))
    asked = scripted.upstream.asked[0]
    assert asked.path == "/v1/completions"
    assert asked.body["prompt"] == [1, 2]
    assert deltas == [
        Delta(content="4", token_ids=(52,), finish_reason="stop", usage=EngineUsage(9, 1))
    ]


async def test_plain_text_is_drawn_as_a_completion() -> None:
    scripted = Scripted()
    logprobs = {"tokens": ["4"], "token_logprobs": [-0.5], "top_logprobs": [{"4": -0.5, "5": -1.0}]}
    first = {"text": "4", "token_ids": [52], "prompt_token_ids": [1, 2], "logprobs": logprobs}
    last = {"text": "!", "token_ids": [53], "finish_reason": "stop"}
    scripted.response.feed(sse({"choices": [first]}, {"choices": [last]}, usage_chunk(2, 2)), None)
    body = {"model": "m", "prompt": "2+2=", "logprobs": 1}
    deltas = await collect(scripted.engine.draw(Draw("s1", body, chat=False)))
    asked = scripted.upstream.asked[0]
    assert asked.path == "/v1/completions"
    assert asked.body["prompt"] == "2+2="
    assert [delta.content for delta in deltas] == ["4", "!"]
    assert deltas[0].prompt_token_ids == (1, 2)
    assert [top["token"] for top in deltas[0].logprobs[0]["top_logprobs"]] == ["4"]
    assert deltas[1].usage == EngineUsage(2, 2)


async def test_an_odd_wish_for_log_probabilities_is_the_engines_to_refuse() -> None:
    refused = told(400, {"error": {"message": "no integer"}})
    engine = HttpEngine(FakeUpstream(lambda _: refused), name="e", abilities=ALL)
    stream = engine.draw(Draw("s1", {"prompt": "a", "logprobs": "many"}, chat=False))
    with pytest.raises(EngineRejected, match="no integer"):
        await collect(stream)


async def test_text_and_prompts_are_tokenized_by_the_engine() -> None:
    upstream = FakeUpstream(lambda _: told(200, {"count": 2, "tokens": [7, 8]}))
    engine = HttpEngine(upstream, name="e", abilities=ALL)
    assert await engine.tokenize("\n</think>") == (7, 8)
    assert upstream.asked[0].body == {"prompt": "\n</think>", "add_special_tokens": False}
    assert await engine.prompt_ids({"messages": [], "model": "m"}) == (7, 8)
    assert upstream.asked[1].body == {"messages": [], "model": "m"}


def answering(answer: Answer) -> FakeUpstream:
    return FakeUpstream(lambda _: answer)


async def test_tokens_that_cannot_be_read_are_a_failure() -> None:
    for answer in (b'{"no": 1}', b'{"x": "\xff", "tokens": ["\xff"]}'):
        response = FakeResponse().feed(answer, None)
        engine = HttpEngine(answering(response), name="e", abilities=ALL)
        with pytest.raises(EngineFailed):
            await engine.tokenize("a")
