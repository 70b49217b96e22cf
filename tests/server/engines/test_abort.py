import asyncio

import pytest

from quorate_server.engines import abort
from quorate_server.engines.abort import AbortBatch
from quorate_server.errors import EngineFailed
from tests.server.engines.fake_upstream import Answer, Asked, FakeResponse, FakeUpstream, told


async def test_an_engine_that_does_not_answer_holds_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(abort, "ANSWER_WITHIN_S", 0.01)
    silent = FakeResponse()
    batch = AbortBatch(FakeUpstream(lambda _: silent), ())
    async with asyncio.timeout(5):
        with pytest.raises(EngineFailed, match="abort"):
            await batch.end("s1")
    assert silent.closed


async def test_an_engine_that_hangs_before_its_head_holds_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(_: Asked) -> FakeResponse:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(abort, "ANSWER_WITHIN_S", 0.01)
    async with asyncio.timeout(5):
        with pytest.raises(EngineFailed, match="abort"):
            await AbortBatch(FakeUpstream(never), ()).end("s1")


async def test_after_a_failure_the_next_batch_is_sent() -> None:
    answers: list[Answer] = [EngineFailed("broke"), told(200, {})]
    upstream = FakeUpstream(lambda _: answers.pop(0))
    batch = AbortBatch(upstream, ())
    with pytest.raises(EngineFailed):
        await batch.end("s1")
    await batch.end("s2")
    assert upstream.asked[1].body["request_ids"] == ["chatcmpl-s2", "cmpl-s2-0"]
