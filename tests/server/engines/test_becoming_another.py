"""An attached engine that becomes another one while nobody looks."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from prometheus_client import REGISTRY, generate_latest

from quorate_sampling.engine import Abilities
from quorate_server.engines.attached import AttachedEngine
from quorate_server.engines.backoff import Backoff
from quorate_server.engines.conversation import BEGAN_PATH, Conversation
from quorate_server.engines.replica import Replica, ReplicaPool
from quorate_server.engines.vllm import HttpEngine
from quorate_server.errors import EngineUnavailable
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
from tests.server.http1.scripted import until
from tests.server.scripted_gateway import gateway


@dataclass
class Thinker:
    """What listens at one address: a process that thinks to its limit, or for ever without one.

    A token is a character's code point behind `base`. A closed thought is answered with 46, if it
    is closed in tokens that are this tokenizer's.
    """

    base: int = 1000
    began_at: float | None = 1.79e9
    model: str = "Qwen/Qwen3-8B"
    refusals: int = 0
    """So many connections will be refused."""
    busy: bool = False
    """It lists its models, and generates nothing."""
    upstreams: list[FakeUpstream] = field(default_factory=list)

    def connect(self, _: str) -> FakeUpstream:
        self.upstreams.append(FakeUpstream(self._answer))
        return self.upstreams[-1]

    def asked(self, path: str) -> int:
        return sum(asked.path == path for up in self.upstreams for asked in up.asked)

    def ids(self, text: str) -> list[int]:
        return [self.base + ord(character) for character in text]

    def _answer(self, asked: Asked) -> Answer:
        if self.refusals:
            self.refusals -= 1
            return EngineUnavailable("No connection to the engine: refused.")
        if asked.path == "/v1/models":
            return told(200, {"data": [{"id": self.model}]})
        if asked.path == BEGAN_PATH and self.began_at is not None:
            metric = f"# TYPE x gauge\nprocess_start_time_seconds {self.began_at}\n"
            return FakeResponse().feed(metric.encode(), None)
        if self.busy:
            return told(500, {})
        if asked.path == "/tokenize" and "prompt" in asked.body:
            return told(200, {"tokens": self.ids(asked.body["prompt"])})
        if asked.path == "/tokenize":
            return told(200, {"tokens": self.ids("?")})
        if asked.path.startswith("/v1/") and asked.body.get("stream"):
            return self._stream(asked)
        return told(200 if asked.path.startswith("/v1/") else 404, {"choices": [{}, {}]})

    def _stream(self, asked: Asked) -> FakeResponse:
        if asked.path == "/v1/completions":
            closed = bytes(max(0, i - self.base) & 127 for i in asked.body["prompt"])
            said = "46}" if b"</think>" in closed else ""
            choice = {"index": 0, "text": said, "token_ids": self.ids(said)}
            last = {"choices": [{**choice, "finish_reason": "stop"}]}
            return FakeResponse().feed(sse(last, usage_chunk(9, 3)), None)
        limit = asked.body.get("max_tokens")
        thought = "h" * min(8, limit or 8)
        first = chat_chunk(ids=self.ids(thought), reasoning=thought)
        began = FakeResponse().feed(sse({**first, "prompt_token_ids": self.ids("?")}, done=False))
        if limit is not None:
            began.feed(sse(chat_chunk("length"), usage_chunk(1, len(thought))), None)
        return began


def replica_of(thinker: Thinker) -> Replica:
    upstream = thinker.connect("")
    engine = HttpEngine(upstream, name="there", abilities=Abilities())
    return Replica(upstream, engine, (), ready=False)


@asynccontextmanager
async def watched(thinker: Thinker, replica: Replica) -> AsyncIterator[None]:
    engine = AttachedEngine(
        replica,
        connect_to=thinker.connect,
        check_every_s=0.01,
        backoff=Backoff(first_s=0.001),
    )
    task = asyncio.create_task(engine.run())
    try:
        await until(lambda: replica.ready, 10)
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        await replica.upstream.aclose()
    assert all(upstream.closed for upstream in thinker.upstreams)


async def checked(thinker: Thinker, times: int = 4) -> None:
    """Until it has been looked at so many times more."""
    before = thinker.asked("/v1/models")
    await until(lambda: thinker.asked("/v1/models") >= before + times, 10)


async def test_an_answer_is_forced_in_the_tokens_of_the_engine_there_is() -> None:
    thinker = Thinker()
    replica = replica_of(thinker)
    async with watched(thinker, replica), gateway(pool=ReplicaPool([replica])) as client:
        for _ in range(2):
            answer = await client.post(
                "/v1/chat/completions",
                json={
                    "model": thinker.model,
                    "messages": [{"role": "user", "content": "What is 40+6?"}],
                    "consensus": 2,
                    "deadline_ms": 1500,
                },
            )
            assert answer.json()["consensus"]["answer"] == "46"
            thinker.base, thinker.began_at = 5000, 1.79e9 + 60
            await checked(thinker)
            await until(lambda: replica.ready, 10)


@pytest.mark.parametrize("began_at", [None, 1.79e9])
async def test_another_model_at_the_same_address_is_noticed(began_at: float | None) -> None:
    thinker = Thinker(began_at=began_at)
    replica = replica_of(thinker)
    async with watched(thinker, replica):
        thinker.model = "Qwen/Qwen3-0.6B"
        await until(lambda: replica.ready and replica.model_ids == ("Qwen/Qwen3-0.6B",), 10)


async def test_where_no_process_tells_its_age_one_missed_check_is_doubt_enough() -> None:
    thinker = Thinker(began_at=None)
    replica = replica_of(thinker)
    async with watched(thinker, replica):
        before = replica.engine
        thinker.base, thinker.refusals = 5000, 1
        await until(lambda: replica.ready and replica.engine is not before, 10)
        closing = await replica.prepared_closing(boxed=True)
        assert closing is not None
        assert closing.token_ids[0] > 5000


async def test_what_is_under_way_when_it_becomes_another_one_may_end() -> None:
    thinker = Thinker()
    replica = replica_of(thinker)
    async with watched(thinker, replica):
        before = replica.upstream
        thinker.base, thinker.began_at = 5000, 1.79e9 + 60
        await until(lambda: replica.upstream is not before)
        assert isinstance(before, FakeUpstream)
        assert not before.closed
        await until(lambda: replica.ready, 10)
        assert not before.closed


async def test_an_engine_that_restarted_as_it_was_stays_in_service() -> None:
    thinker = Thinker()
    replica = replica_of(thinker)
    async with watched(thinker, replica):
        engine, pace = replica.engine, replica.pace
        thinker.began_at = 1.79e9 + 60
        probed = thinker.asked("/v1/completions")
        await until(lambda: thinker.asked("/v1/completions") > probed)
        for _ in range(200):
            await asyncio.sleep(0.0005)
            assert replica.ready
        assert (replica.engine, replica.pace) == (engine, pace)


async def test_engines_behind_a_balancer_are_not_probed_at_every_turn() -> None:
    thinker = Thinker()
    replica = replica_of(thinker)
    async with watched(thinker, replica):
        thinker.began_at = 1.79e9 + 60
        await checked(thinker)
        probed = thinker.asked("/v1/completions")
        for turn in range(6):
            thinker.began_at = 1.79e9 + 60 * (turn % 2)
            await checked(thinker, 1)
        assert thinker.asked("/v1/completions") == probed


async def test_a_busy_engine_is_doubted_until_it_can_be_asked_and_never_taken_down() -> None:
    thinker = Thinker()
    replica = replica_of(thinker)
    async with watched(thinker, replica):
        before = replica.upstream
        thinker.base, thinker.began_at, thinker.busy = 5000, 1.79e9 + 60, True
        await checked(thinker)
        assert replica.ready
        assert replica.upstream is before
        thinker.busy = False
        await until(lambda: replica.upstream is not before, 10)


async def test_the_age_of_a_process_is_read_from_what_prometheus_tells_of_it() -> None:
    told_by_this_one = FakeResponse().feed(generate_latest(REGISTRY), None)
    began_at = await Conversation(FakeUpstream(lambda _: told_by_this_one), ()).began_at()
    assert began_at is not None
    assert 0 < time.time() - began_at < 86_400


@pytest.mark.parametrize("metrics", ["", "process_start_time_seconds NaN\n", "x 1\n", "<html>"])
async def test_an_endpoint_that_tells_no_age_is_not_asked_for_it_again(metrics: str) -> None:
    thinker = Thinker()
    answers = thinker._answer

    def odd(asked: Asked) -> Answer:
        if asked.path == BEGAN_PATH:
            return FakeResponse().feed(metrics.encode(), None)
        return answers(asked)

    thinker._answer = odd  # type: ignore[method-assign]
    replica = replica_of(thinker)
    async with watched(thinker, replica):
        await checked(thinker)
        assert thinker.asked(BEGAN_PATH) == 1
