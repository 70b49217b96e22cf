"""What `Extended` plans and refuses before anything is drawn."""

import asyncio
import json
import time
from typing import Any

import pytest

from quorate_server import encoding
from quorate_server.errors import DeadlineExceeded
from quorate_server.extended import Extended
from quorate_server.gateway.asgi import Message
from quorate_server.gateway.incoming import Incoming
from quorate_server.gateway.peek import peek
from quorate_server.job import CHAT_PATH
from quorate_server.lag import LoopLag
from quorate_server.ledger import Bill
from tests.sampling.scripted import ScriptedEngine
from tests.server.scripted_gateway import chat, gateway, pool_of, quick, slow


class Bills(list[Bill]):
    """A ledger that keeps what it is told."""

    def record(self, bill: Bill) -> None:
        self.append(bill)


async def extended_answer(
    engine: ScriptedEngine,
    *,
    ago_s: float = 0.0,
    lag_s: float = 0.0,
    bills: Bills | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """What is answered to a request whose first byte came `ago_s` seconds ago."""
    lag = LoopLag()
    lag.recent.append(lag_s)
    extended = Extended(pool_of(engine), bills if bills is not None else Bills(), lag)
    body = json.dumps(chat(**fields)).encode()
    incoming = Incoming(CHAT_PATH, (), body, time.monotonic() - ago_s, "q-test")
    sent = b""

    async def receive() -> Message:
        return await asyncio.Future()

    async def send(message: Message) -> None:
        nonlocal sent
        sent += message.get("body", b"")

    await extended(incoming, peek(body), receive, send)
    answer: dict[str, Any] = json.loads(sent)
    return answer


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fields", [{"deadline_ms": 3000}, {"consensus": 2}])
async def test_a_client_that_does_not_read_keeps_nobody_from_the_engine(
    fields: dict[str, Any], stream: bool
) -> None:
    pool = pool_of(ScriptedEngine([quick()]))
    extended = Extended(pool, Bills(), LoopLag())
    body = json.dumps(chat(**fields, stream=stream)).encode()
    incoming = Incoming(CHAT_PATH, (), body, time.monotonic(), "q-test")
    writing = asyncio.Event()

    async def receive() -> Message:
        return await asyncio.Future()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            writing.set()
            await asyncio.Future()

    asked = asyncio.create_task(extended(incoming, peek(body), receive, send))
    async with asyncio.timeout(5):
        await writing.wait()
        while pool.samples_in_flight:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert not asked.done()
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    assert pool.samples_in_flight == 0


async def test_the_clock_started_with_the_first_byte() -> None:
    engine = ScriptedEngine([slow()])
    body = await extended_answer(engine, ago_s=0.5, deadline_ms=1000)
    assert 500 <= body["deadline"]["elapsed_ms"] < 1000


@pytest.mark.parametrize("fields", [{}, {"consensus": 4}])
async def test_nothing_is_launched_when_the_deadline_passed_with_the_body(
    fields: dict[str, Any],
) -> None:
    engine, bills = ScriptedEngine([quick()]), Bills()
    with pytest.raises(DeadlineExceeded):
        await extended_answer(engine, ago_s=1.1, bills=bills, deadline_ms=1000, **fields)
    assert engine.draws == []
    assert engine.prompts_asked == 0
    assert sum(bill.completion_tokens for bill in bills) == 0


async def test_nothing_is_launched_that_only_the_margin_has_time_for() -> None:
    engine = ScriptedEngine([quick()])
    with pytest.raises(DeadlineExceeded):
        await extended_answer(engine, ago_s=0.6, lag_s=5.0, deadline_ms=900)
    assert engine.draws == []


async def test_a_late_event_loop_makes_a_drawing_end_earlier() -> None:
    deaf = slow(deaf=True)
    engine = ScriptedEngine([deaf], forced=deaf)
    body = await extended_answer(engine, lag_s=0.3, consensus=2, deadline_ms=900)
    assert body["deadline"]["elapsed_ms"] < 900 - 300 + 150


async def test_encoding_what_is_returned_is_planned_for_the_presets_samples(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(encoding, "ENCODING_BYTES_PER_S", 1e6)  # 48 ms for a sample
    deaf = slow(deaf=True)
    returned = {"preset": "fast", "return_samples": True}
    body = await extended_answer(
        ScriptedEngine([deaf], forced=deaf), consensus=returned, deadline_ms=1500
    )
    elapsed_ms = body["deadline"]["elapsed_ms"]
    assert elapsed_ms < 1500 - 9 * 48 + 150
    body = await extended_answer(
        ScriptedEngine([deaf], forced=deaf),
        consensus={"max_samples": 64, "return_samples": True},
        deadline_ms=900,
    )
    assert 900 / 2 < body["deadline"]["elapsed_ms"] < 900 * 2 / 3 + 150, "capped to a third"


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"deadline_ms": 5000}, "deadline"),
        ({"consensus": 2}, "group"),
        ({"consensus": 2, "deadline_ms": 5000}, "group"),
    ],
)
async def test_a_bill_says_what_kind_of_request_it_is_for(
    fields: dict[str, Any], kind: str
) -> None:
    bills = Bills()
    await extended_answer(ScriptedEngine([quick()]), bills=bills, **fields)
    assert [bill.kind for bill in bills] == [kind]


@pytest.mark.parametrize(
    "grammar",
    [
        {"response_format": {"type": "json_object"}},
        {"structured_outputs": {"regex": "[0-9]+"}},
        {"guided_choice": ["1", "2"]},
    ],
)
async def test_no_opener_is_put_before_a_grammar(grammar: dict[str, Any]) -> None:
    asked: dict[str, Any] = {
        "consensus": {"max_samples": 2, "answer_type": "number"},
        "deadline_ms": 600,
    }
    free, bound = ScriptedEngine([slow()]), ScriptedEngine([slow()])
    await extended_answer(free, **asked)
    await extended_answer(bound, **asked, **grammar)
    assert free.resumed
    assert bound.resumed
    assert all(bytes(c.token_ids).endswith(b"\n</t>\n= ") for c in free.resumed)
    assert not any(bytes(c.token_ids).endswith(b"= ") for c in bound.resumed)


@pytest.mark.parametrize("kind", ["image_url", "input_audio", "video_url"])
async def test_a_prompt_with_media_is_never_continued_from_token_ids(kind: str) -> None:
    part = {"type": kind, kind: {"url": "data:,"}}
    text = {"type": "text", "text": "What is this?"}
    engine = ScriptedEngine([slow()])
    await extended_answer(
        engine, messages=[{"role": "user", "content": [text, part]}], deadline_ms=400
    )
    assert engine.draws
    assert engine.resumed == []


@pytest.mark.parametrize(
    "fields", [{"consensus": 2}, {"consensus": {"max_samples": 2}}, {"model": "abacus:n2"}]
)
@pytest.mark.parametrize("stream", [False, True])
async def test_more_choices_than_samples_are_refused(fields: dict[str, Any], stream: bool) -> None:
    engine = ScriptedEngine([quick()])
    async with gateway(engine) as client:
        response = await client.post(CHAT_PATH, json=chat(n=3, stream=stream, **fields))
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "n"
    assert engine.draws == []


async def test_choices_may_raise_what_only_a_preset_said() -> None:
    engine = ScriptedEngine([quick()])
    consensus = {"preset": "fast", "early_stop": "none"}
    async with gateway(engine) as client:
        response = await client.post(CHAT_PATH, json=chat(n=10, consensus=consensus))
    assert response.status_code == 200
    assert len(engine.draws) == 10
