"""Groups on a real engine: the bill to the token, and nothing left running."""

import asyncio
from typing import Any

import httpx
import pytest

from quorate_server.engines.stream import IN_FLIGHT_TOKENS
from quorate_server.extended import STREAM_INTERVAL
from tests.e2e.engine_counters import generated_tokens, running_requests, settled_tokens

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

CHAT = "/v1/chat/completions"
GROUPS = 200
AT_ONCE = 8
UNSEEN_TOKENS = STREAM_INTERVAL + IN_FLIGHT_TOKENS
"""What a bound adds for a stream that was left (see `HttpSample`): a sample's, or its answer's."""
HARD = [{"role": "user", "content": "What is 47*83-956+38*72-411+29*64?"}]


def asked(number: int, **fields: Any) -> dict[str, Any]:
    question = f"What is {10 + number % 80}+{number % 37}*3-{number % 23}?"
    return {"model": "abacus", "messages": [{"role": "user", "content": question}], **fields}


async def test_hundreds_of_cancelled_groups_are_billed_to_the_token(
    base_url: str, engine_url: str
) -> None:
    """Where a deadline does not wait for a bill, it is a bound and says so."""
    before = await asyncio.to_thread(settled_tokens, engine_url)
    limit = asyncio.Semaphore(AT_ONCE)
    early = {"max_samples": 32, "early_stop": {"rule": "margin", "margin": 6}}
    async with httpx.AsyncClient(base_url=base_url, timeout=60) as client:

        async def draw(number: int) -> dict[str, Any]:
            fields: dict[str, Any] = {"consensus": early}
            if number % 2:
                fields["deadline_ms"] = 2500
            async with limit:
                response = await client.post(CHAT, json=asked(number, **fields))
            body: dict[str, Any] = response.raise_for_status().json()
            return body

        bodies = await asyncio.gather(*(draw(number) for number in range(GROUPS)))
    after = await asyncio.to_thread(settled_tokens, engine_url)
    cancelled = sum(b["consensus"]["sample_counts"]["cancelled"] for b in bodies)
    billed = sum(b["usage"]["completion_tokens"] for b in bodies)
    bounds = [b for b in bodies if b["usage"]["estimated"]]
    streams = sum(2 * b["consensus"]["sample_counts"]["started"] for b in bounds)
    assert cancelled > GROUPS
    assert all("deadline" in b for b in bounds)
    assert after - before <= billed <= after - before + streams * UNSEEN_TOKENS
    assert running_requests(engine_url) == 0


async def test_agreement_and_votes_are_those_of_the_samples(base_url: str) -> None:
    options = {"max_samples": 16, "early_stop": "none", "return_samples": True}
    async with httpx.AsyncClient(base_url=base_url, timeout=60) as client:
        body = {**asked(7, consensus=options, seed=11), "messages": HARD}
        response = await client.post(CHAT, json=body)
    consensus = response.json()["consensus"]
    counts, votes = consensus["sample_counts"], consensus["votes"]
    assert counts["started"] == counts["finished"] == 16
    assert sum(vote["count"] for vote in votes) + counts["unparsed"] == 16
    assert consensus["agreement"] == round(votes[0]["count"] / 16, 4)
    for vote in votes:
        for index in vote["sample_ids"]:
            assert vote["answer"] in consensus["samples"][index]["content"]
    assert len({s["reasoning"] for s in consensus["samples"]}) > 1


async def test_a_seed_makes_a_group_repeatable(base_url: str) -> None:
    options = {"max_samples": 4, "early_stop": "none", "return_samples": True}
    contents = []
    async with httpx.AsyncClient(base_url=base_url, timeout=60) as client:
        for _ in range(2):
            body = {**asked(3, consensus=options, seed=99, temperature=1.0), "messages": HARD}
            samples = (await client.post(CHAT, json=body)).json()["consensus"]["samples"]
            contents.append([(s["reasoning"], s["content"]) for s in samples])
    assert contents[0] == contents[1]
    assert len(set(contents[0])) > 1


@pytest.mark.parametrize("after_s", [0.02, 0.07, 0.42])
async def test_clients_that_leave_stop_their_generation_within_a_second(
    base_url: str, engine_url: str, after_s: float
) -> None:
    """All kinds of them leave together: what one left behind would be seen."""
    kinds: list[dict[str, Any]] = [{}, {"consensus": 16}, {"deadline_ms": 20_000}]
    async with httpx.AsyncClient(base_url=base_url, timeout=60) as client:

        async def leave(extra: dict[str, Any], stream: bool) -> None:
            body = asked(1, stream=stream, max_tokens=8000, ignore_eos=True, **extra)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(read_all(client, body), after_s)

        await asyncio.gather(*(leave(kind, stream) for kind in kinds for stream in (False, True)))
    await asyncio.sleep(1.0)
    stopped_at = await asyncio.to_thread(generated_tokens, engine_url)
    await asyncio.sleep(1.0)
    assert await asyncio.to_thread(generated_tokens, engine_url) == stopped_at
    assert await asyncio.to_thread(running_requests, engine_url) == 0


async def read_all(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    async with client.stream("POST", CHAT, json=body) as response:
        async for _ in response.aiter_bytes():
            pass


async def consensus_of(base_url: str, consensus: Any, **fields: Any) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=base_url, timeout=60) as client:
        response = await client.post(CHAT, json=asked(1, consensus=consensus, **fields))
    body: dict[str, Any] = response.raise_for_status().json()
    return body


async def test_an_easy_question_is_decided_by_few_samples(base_url: str) -> None:
    easy = [{"role": "user", "content": "What is 4+5?"}]
    body = await consensus_of(base_url, True, messages=easy)
    consensus = body["consensus"]
    assert consensus["answer"] == "9"
    assert consensus["debug"]["early_stop"] == "auto:balanced"
    assert consensus["sample_counts"]["started"] <= 8


@pytest.mark.parametrize("voting", ["logprob", "self_certainty", "tail_confidence"])
async def test_votes_weigh_by_the_engines_log_probabilities(base_url: str, voting: str) -> None:
    options = {"max_samples": 8, "early_stop": "none", "voting": voting}
    body = await consensus_of(base_url, options, messages=HARD)
    votes = body["consensus"]["votes"]
    assert body["choices"][0]["logprobs"] is None
    assert any(vote["weight"] != vote["count"] for vote in votes) or len(votes) == 1


async def test_an_answer_that_is_not_sure_enough_is_refused(base_url: str) -> None:
    options = {"max_samples": 8, "min_agreement": 1.0, "on_low_confidence": "abstain"}
    body = await consensus_of(base_url, options, messages=HARD, temperature=1.3, seed=3)
    assert body["consensus"]["abstained"] is True
    assert body["choices"][0]["message"]["content"] is None
    assert "agreement" in body["choices"][0]["message"]["refusal"]
    assert body["consensus"]["stop_reason"] == "hopeless"


async def test_a_limit_on_tokens_holds(base_url: str, engine_url: str) -> None:
    before = await asyncio.to_thread(settled_tokens, engine_url)
    options = {"max_samples": 32, "early_stop": "none", "max_tokens_total": 1500}
    body = await consensus_of(base_url, options, messages=HARD)
    after = await asyncio.to_thread(settled_tokens, engine_url)
    assert body["consensus"]["stop_reason"] == "budget"
    assert body["usage"]["completion_tokens"] == after - before <= 1500


async def test_labels_are_scored_by_the_engine(base_url: str) -> None:
    labels = ["9", "8", "10"]
    options = {"max_samples": 4, "answer_type": {"labels": labels, "score": "logprob"}}
    easy = [{"role": "user", "content": "What is 4+5?"}]
    body = await consensus_of(base_url, options, messages=easy)
    scores = {each["label"]: each["score"] for each in body["consensus"]["labels"]}
    assert body["consensus"]["answer"] == "9"
    assert scores["9"] > 0.5
    assert sum(scores.values()) == pytest.approx(1, abs=1e-5)


async def test_the_engine_verifies_its_own_answers(base_url: str) -> None:
    options = {"max_samples": 4, "early_stop": "none", "voting": "verifier"}
    body = await consensus_of(base_url, options)
    assert sum(vote["weight"] for vote in body["consensus"]["votes"]) == pytest.approx(4)


@pytest.mark.parametrize(
    "cut", ["probe", {"rule": "deepconf", "warmup": 4, "window": 32}], ids=["probe", "deepconf"]
)
async def test_cut_traces_are_billed_to_the_token(base_url: str, engine_url: str, cut: Any) -> None:
    before = await asyncio.to_thread(settled_tokens, engine_url)
    options = {"max_samples": 12, "early_stop": "none", "cut_traces": cut}
    body = await consensus_of(base_url, options, messages=HARD)
    after = await asyncio.to_thread(settled_tokens, engine_url)
    assert body["consensus"]["votes"]
    assert body["usage"]["completion_tokens"] == after - before
