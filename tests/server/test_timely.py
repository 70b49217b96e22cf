import pytest

from quorate_sampling.errors import EngineFailed, EngineUnavailable
from quorate_server.engines.replica import ReplicaPool
from quorate_server.timely import LOST
from tests.sampling.scripted import Script, ScriptedEngine
from tests.server.scripted_gateway import chat, events, gateway, pool_of, quick, slow

CHAT = "/v1/chat/completions"


async def test_a_plain_answer_that_is_done_in_time_is_left_alone() -> None:
    engine = ScriptedEngine([quick()])
    async with gateway(engine) as client:
        body = (await client.post(CHAT, json=chat(deadline_ms=5000))).json()
    assert body["choices"][0]["message"]["content"] == "46"
    assert body["deadline"]["met"] is True
    assert body["deadline"]["forced"] == 0
    assert "consensus" not in body
    assert body["usage"]["completion_tokens"] == engine.generated


async def test_a_long_thought_is_closed_and_answered_in_time() -> None:
    engine = ScriptedEngine([slow()])
    async with gateway(engine) as client:
        body = (await client.post(CHAT, json=chat(deadline_ms=600))).json()
    choice = body["choices"][0]
    assert choice["message"]["content"] == "13"
    assert set(choice["message"]["reasoning"]) == {"t"}
    assert choice["finish_reason"] == "stop"
    assert body["deadline"]["elapsed_ms"] < 600
    assert body["deadline"]["forced"] == 1
    assert body["usage"]["completion_tokens"] == engine.generated


async def test_a_header_sets_the_deadline_too() -> None:
    async with gateway(ScriptedEngine([slow()])) as client:
        response = await client.post(CHAT, json=chat(), headers={"grpc-timeout": "500m"})
    assert response.json()["deadline"]["budget_ms"] == 500


async def test_the_client_sees_the_thought_end_and_the_answer_begin_in_one_stream() -> None:
    async with gateway(ScriptedEngine([slow()])) as client:
        response = await client.post(CHAT, json=chat(deadline_ms=600, stream=True))
    *chunks, done = events(response)
    assert done == "[DONE]"
    deltas = [c["choices"][0]["delta"] for c in chunks]
    kinds = [
        "content" if d.get("content") else "reasoning" for d in deltas if len(d) and "role" not in d
    ]
    assert kinds[0] == "reasoning"
    assert kinds == sorted(kinds, key=["reasoning", "content"].index)
    assert "".join(d.get("content") or "" for d in deltas) == "13"
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["deadline"]["forced"] == 1


async def test_n_choices_are_each_ended_in_time() -> None:
    async with gateway(ScriptedEngine([quick("1"), slow()])) as client:
        body = (await client.post(CHAT, json=chat(deadline_ms=600, n=2))).json()
    assert [c["message"]["content"] for c in body["choices"]] == ["1", "13"]


async def test_a_miss_is_an_error_where_that_was_asked_for() -> None:
    engine = ScriptedEngine([slow()])
    async with gateway(engine) as client:
        request = chat(deadline={"ms": 400, "on_miss": "error"})
        response = await client.post(CHAT, json=request)
    assert response.status_code == 504
    assert response.json()["error"]["code"] == "deadline_exceeded"
    assert engine.resumed == []
    assert engine.running == 0


async def test_a_request_with_tools_is_never_continued_as_text() -> None:
    engine = ScriptedEngine([slow()])
    async with gateway(engine) as client:
        tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
        body = (await client.post(CHAT, json=chat(deadline_ms=400, tools=tools))).json()
    assert engine.resumed == []
    assert body["choices"][0]["finish_reason"] == "length"


async def test_a_text_completion_is_cut_at_the_deadline() -> None:
    engine = ScriptedEngine([Script("x" * 5000, thought=0, token_s=0.002)])
    async with gateway(engine) as client:
        request = {"model": "abacus", "prompt": "say x", "deadline_ms": 400}
        body = (await client.post("/v1/completions", json=request)).json()
    assert body["object"] == "text_completion"
    assert set(body["choices"][0]["text"]) == {"x"}
    assert body["choices"][0]["finish_reason"] == "length"
    assert engine.draws[0].chat is False


async def test_an_engine_that_is_down_is_told_with_its_own_status() -> None:
    down = ScriptedEngine([Script(error=EngineUnavailable("down"), first_s=0)])
    async with gateway(down) as client:
        unary = await client.post(CHAT, json=chat(deadline_ms=2000))
        streamed = await client.post(CHAT, json=chat(deadline_ms=2000, stream=True))
    for response in (unary, streamed):
        assert response.status_code == 503
        assert response.json()["error"]["code"] == "engine_unavailable"


async def test_an_answer_cut_in_the_middle_is_a_miss_where_misses_are_errors() -> None:
    cut = Script("The answer is 123456789 for sure", thought=2, token_s=0.02)
    endless = Script("9" * 500, thought=0, token_s=0.02, first_s=0.0)
    async with gateway(ScriptedEngine([cut], forced=endless)) as client:
        request = chat(deadline={"ms": 500, "on_miss": "error"})
        missed = await client.post(CHAT, json=request)
        shown = await client.post(CHAT, json=chat(deadline_ms=500))
    assert missed.status_code == 504
    assert shown.json()["choices"][0]["finish_reason"] == "length"
    assert shown.json()["choices"][0]["message"]["content"].startswith("The")


async def test_an_engine_that_fails_is_told_as_such_and_not_as_a_miss() -> None:
    engine = ScriptedEngine([quick(error=EngineFailed("died"), error_after=1), quick()])
    async with gateway(engine) as client:
        request = chat(n=2, deadline={"ms": 5000, "on_miss": "error"})
        response = await client.post(CHAT, json=request)
    assert response.status_code == 502
    assert response.json()["error"]["code"] == "engine_failed"
    assert response.headers["x-should-retry"] == "true"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_choice_that_was_lost_leaves_the_others(stream: bool) -> None:
    lost = quick(error=EngineFailed("died"), error_after=1)
    async with gateway(ScriptedEngine([lost, quick("46")])) as client:
        request = chat(n=2, deadline_ms=5000, stream=stream)
        response = await client.post(CHAT, json=request)
    assert response.status_code == 200
    if stream:
        choices = [c for e in events(response)[:-1] for c in e["choices"]]
        said = [c["delta"].get("content") or "" for c in choices if c["index"] == 1]
        refusals = [c["delta"]["refusal"] for c in choices if "refusal" in c["delta"]]
        assert "".join(said) == "46"
        assert refusals == [LOST]
    else:
        first, second = (choice["message"] for choice in response.json()["choices"])
        assert (first["content"], first["refusal"]) == (None, LOST)
        assert (second["content"], second["refusal"]) == ("46", None)


async def test_a_lost_text_completion_is_an_error_for_it_has_no_way_to_say_so() -> None:
    lost = Script("x", thought=0, error=EngineFailed("died"))
    async with gateway(ScriptedEngine([lost, Script("x", thought=0)])) as client:
        request = {"model": "abacus", "prompt": "say x", "n": 2, "deadline_ms": 5000}
        response = await client.post("/v1/completions", json=request)
    assert response.status_code == 502


async def test_a_thought_that_cannot_be_closed_says_so_instead_of_an_empty_answer() -> None:
    engine = ScriptedEngine([slow()], closing=None)
    async with gateway(engine) as client:
        message = (await client.post(CHAT, json=chat(deadline_ms=400))).json()["choices"][0][
            "message"
        ]
    assert message["content"] is None
    assert "thinking" in message["refusal"]
    assert message["reasoning"]


async def test_nothing_drawn_at_all_is_an_error_not_an_empty_answer() -> None:
    engine = ScriptedEngine([slow(first_s=60.0)], closing=None)
    async with gateway(engine) as client:
        response = await client.post(CHAT, json=chat(deadline_ms=400))
    assert response.status_code == 504


async def test_a_forced_answer_keeps_within_the_clients_token_limit() -> None:
    for name in ("max_tokens", "max_completion_tokens"):
        engine = ScriptedEngine([slow()])
        async with gateway(engine) as client:
            await client.post(CHAT, json=chat(deadline_ms=500, **{name: 60}))
        (continuation,) = engine.resumed
        assert 0 < continuation.max_tokens <= 60 - engine.streams[0].generated


def measured(engine: ScriptedEngine) -> ReplicaPool:
    """An engine that was seen to close thoughts, slow enough for a short budget to be no time."""
    pool = pool_of(engine)
    pool.replicas[0].pace.closed(0.05, whole=True)
    return pool


async def test_without_time_to_think_each_choice_is_answered_at_once() -> None:
    engine = ScriptedEngine([slow()])
    async with gateway(pool=measured(engine)) as client:
        body = (await client.post(CHAT, json=chat(deadline_ms=700, n=2))).json()
    assert engine.draws == []
    assert [c["message"]["content"] for c in body["choices"]] == ["13", "13"]
    deadline = body["deadline"]
    assert (deadline["met"], deadline["forced"]) == (True, 2)
    assert deadline["plan"]["mode"] == "closed"
    assert (deadline["plan"]["samples"], deadline["plan"]["closed"]) == (2, 2)
    assert deadline["plan"]["thinking_tokens"] == 0


async def test_without_time_to_think_a_stream_begins_with_the_answer() -> None:
    engine = ScriptedEngine([slow()])
    async with gateway(pool=measured(engine)) as client:
        response = await client.post(CHAT, json=chat(deadline_ms=700, stream=True))
    *chunks, done = events(response)
    deltas = [c["choices"][0]["delta"] for c in chunks]
    assert done == "[DONE]"
    assert not any(delta.get("reasoning") for delta in deltas)
    assert "".join(delta.get("content") or "" for delta in deltas) == "13"
    assert chunks[-1]["deadline"]["plan"]["mode"] == "closed"


async def test_a_thought_that_may_not_be_closed_is_not_closed_from_the_start_either() -> None:
    engine = ScriptedEngine([quick()])
    async with gateway(pool=measured(engine)) as client:
        request = chat(deadline={"ms": 700, "on_miss": "error"})
        body = (await client.post(CHAT, json=request)).json()
    assert engine.resumed == []
    assert body["deadline"]["plan"]["mode"] == "raced"


async def test_the_plan_of_a_thinking_choice_is_told() -> None:
    async with gateway(ScriptedEngine([slow()])) as client:
        body = (await client.post(CHAT, json=chat(deadline_ms=600))).json()
    plan = body["deadline"]["plan"]
    assert plan["mode"] == "raced"
    assert (plan["samples"], plan["closed"], plan["waves"]) == (1, 0, 1)
    assert body["deadline"]["queued_ms"] >= 0


async def test_without_a_deadline_no_plan_is_told() -> None:
    async with gateway(ScriptedEngine([quick()])) as client:
        body = (await client.post(CHAT, json=chat(consensus=3))).json()
    assert "deadline" not in body
    assert "plan" not in body["consensus"]["debug"]


async def test_a_group_tells_every_step_of_its_plan() -> None:
    async with gateway(ScriptedEngine([slow()])) as client:
        body = (await client.post(CHAT, json=chat(deadline_ms=800, consensus=8))).json()
    first, *_ = body["consensus"]["debug"]["plan"]
    assert first["mode"] == body["deadline"]["plan"]["mode"] == "raced"
    assert first["start"] + first["net"] == body["consensus"]["sample_counts"]["started"] == 8
    assert 0 < first["close_at_ms"] < first["end_at_ms"] < 800
    assert first["why"]


async def test_every_step_of_a_plan_is_in_the_log_for_who_debugs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level("DEBUG", logger="quorate_server.work"):
        async with gateway(ScriptedEngine([slow()])) as client:
            await client.post(CHAT, json=chat(deadline_ms=500))
    (line,) = [record.getMessage() for record in caplog.records if "plan of" in record.getMessage()]
    assert '"mode":"raced"' in line
