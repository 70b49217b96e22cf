"""What is the synchronous client's own: threads, loops, forks, copies, a caller's HTTP client."""

import asyncio
import contextvars
import gc
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest

from quorate import Answer, AsyncQuorate, DeadlineExceeded, Quorate, deadline, expired
from tests.sdk.conftest import Serve
from tests.sdk.either import BODY
from tests.sdk.said import chunk, completion, decided, event, stream, whole
from tests.sdk.scripted_server import STALL, Call, Step

pytestmark = pytest.mark.usefixtures("no_thread_left")

QUESTION = "What is 12+34?"


def answering(call: Call) -> Iterator[Step]:
    if call.method == "GET":
        yield whole({"object": "list", "data": []})
    elif call.body.get("stream"):
        yield from stream(*decided())
    else:
        yield whole(completion())


def saying(*steps: Step) -> Any:
    return lambda call: iter(steps)


def test_it_is_openais_client(serve: Serve) -> None:
    with Quorate(base_url=serve(answering).url) as client:
        assert isinstance(client, openai.OpenAI)
        assert client.models.list().data == []
    assert issubclass(AsyncQuorate, openai.AsyncOpenAI)


def test_where_the_server_is_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for client in (Quorate(), AsyncQuorate()):
        assert str(client.base_url) == "http://127.0.0.1:8000/v1/"
        assert client.api_key == "none"
    monkeypatch.setenv("QUORATE_BASE_URL", "http://quorate.test/v1")
    monkeypatch.setenv("QUORATE_API_KEY", "key")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://other.test/v1")
    for client in (Quorate(), AsyncQuorate()):
        assert str(client.base_url) == "http://quorate.test/v1/"
        assert client.api_key == "key"
    assert str(Quorate(base_url="http://mine.test/v1").base_url) == "http://mine.test/v1/"


def test_copies_keep_model_and_deadline_and_share_the_thread(serve: Serve) -> None:
    server = serve(answering)
    with Quorate(base_url=server.url, model="abacus", deadline=3.0) as client:
        client.ask(QUESTION)
        copy = client.with_options(timeout=7.0).with_deadline(2.0, on_expiry="partial").copy()
        assert (copy.model, copy.budget_s, copy.on_expiry) == ("abacus", 2.0, "partial")
        assert (client.budget_s, client.on_expiry) == (3.0, "raise")
        assert copy.timeout == 7.0
        copy.ask(QUESTION)
        assert [t.name for t in threading.enumerate()].count("quorate-loop") == 1
    assert server.connections <= 1


def test_what_is_set_later_is_sent(serve: Serve) -> None:
    server = serve(answering)
    with Quorate(base_url=server.url, model="abacus", default_headers={"x-a": "1"}) as client:
        client.ask(QUESTION)
        client.api_key = "later"
        client.ask(QUESTION, deadline=5.0)
    before, after = server.calls
    assert (before.headers["authorization"], before.headers["x-a"]) == ("Bearer none", "1")
    assert (after.headers["authorization"], after.headers["x-a"]) == ("Bearer later", "1")


def test_a_key_may_be_asked_for(serve: Serve) -> None:
    server = serve(answering)
    with Quorate(base_url=server.url, model="abacus", api_key=lambda: "fresh") as client:
        client.ask(QUESTION, deadline=5.0)
        client.with_deadline(5.0).chat.completions.create(**BODY)
        client.chat.completions.create(**BODY)
    assert {call.headers["authorization"] for call in server.calls} == {"Bearer fresh"}


def test_many_threads_share_it(serve: Serve) -> None:
    answers: list[Answer] = []
    with Quorate(base_url=serve(answering).url, model="abacus") as client:

        def ask() -> None:
            answers.append(client.ask(QUESTION, deadline=20.0))

        threads = [threading.Thread(target=ask) for _ in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [answer.value for answer in answers] == [46] * 32


def test_a_scope_reaches_a_thread_through_its_context(serve: Serve) -> None:
    server = serve(answering)
    with Quorate(base_url=server.url, model="abacus") as client, deadline(5.0):
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(client.ask, QUESTION))
        thread.start()
        thread.join()
    assert "x-quorate-deadline-ms" in server.calls[0].headers


async def test_it_works_where_an_event_loop_is_running(serve: Serve) -> None:
    with Quorate(base_url=serve(answering).url, model="abacus") as client:
        assert client.ask(QUESTION, deadline=5.0).value == 46
        assert (await asyncio.to_thread(client.ask, QUESTION, deadline=5.0)).value == 46


def test_a_forked_child_makes_itself_a_new_thread(serve: Serve) -> None:
    with Quorate(base_url=serve(answering).url, model="abacus") as client:
        assert client.ask(QUESTION, deadline=5.0).value == 46
        child = os.fork()
        if child == 0:
            try:
                answer = client.ask(QUESTION, deadline=5.0)
                os._exit(0 if answer.value == 46 else 1)
            except BaseException:
                os._exit(2)
        assert os.waitpid(child, 0)[1] == 0
        assert client.ask(QUESTION, deadline=5.0).value == 46


def test_an_interrupt_ends_the_call_and_its_work(serve: Serve) -> None:
    server = serve(saying(STALL))
    with Quorate(base_url=server.url, model="abacus") as client:
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            client.ask(QUESTION, deadline=30.0)
        assert time.monotonic() - began < 5.0
        until = time.monotonic() + 2.0
        while server.connections and time.monotonic() < until:
            time.sleep(0.01)
        assert server.connections == 0


def test_a_client_that_nobody_closed_takes_its_thread_along(serve: Serve) -> None:
    client = Quorate(base_url=serve(answering).url, model="abacus")
    client.ask(QUESTION, deadline=5.0)
    del client
    gc.collect()


def test_closing_twice_and_asking_after(serve: Serve) -> None:
    client = Quorate(base_url=serve(answering).url, model="abacus")
    client.ask(QUESTION, deadline=5.0)
    client.close()
    client.close()
    with pytest.raises((openai.APIConnectionError, RuntimeError)):
        client.ask(QUESTION, deadline=5.0)
    client.close()


class Own:
    """A caller's own HTTP client, over a transport that answers without any network."""

    def __init__(self, *, stalls: bool = False) -> None:
        self.requests: list[httpx2.Request] = []
        self.release = threading.Event()
        self.stalls = stalls
        self.client = httpx2.Client(
            transport=httpx2.MockTransport(self.answer), headers={"x-own": "1"}
        )

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if self.stalls:
            self.release.wait(30)
        if b'"stream":true' in request.content.replace(b" ", b""):
            pieces = [chunk({"content": "46"}), chunk({}, "stop")]
            lines = b"".join(event(each).split(b"\r\n", 1)[1][:-2] for each in [*pieces, b"[DONE]"])
            return httpx2.Response(200, content=lines)
        return httpx2.Response(200, json=completion())


def test_a_callers_own_http_client_is_used() -> None:
    own = Own()
    with Quorate(base_url="http://own.test/v1", model="abacus", http_client=own.client) as client:
        assert client.ask(QUESTION).value == 46
        timed = client.with_deadline(5.0)
        assert timed.chat.completions.create(**BODY).id == "chatcmpl-q-1"
        pieces = timed.chat.completions.create(**BODY, stream=True)
        assert [each.choices[0].delta.content for each in pieces] == ["46", None]
        assert not expired(pieces)
    assert {request.headers["x-own"] for request in own.requests} == {"1"}
    assert "x-quorate-deadline-ms" in own.requests[1].headers


def test_a_callers_own_http_client_is_left_at_the_deadline() -> None:
    own = Own(stalls=True)
    with Quorate(base_url="http://own.test/v1", model="abacus", http_client=own.client) as client:
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(DeadlineExceeded):
                client.ask(QUESTION, deadline=0.4)
            assert time.monotonic() - began < 0.6
        own.release.set()


def test_own_mock_transports_answer_the_asynchronous_client_too() -> None:
    async def ask() -> Answer:
        own = httpx2.AsyncClient(
            transport=httpx2.MockTransport(lambda _: httpx2.Response(200, json=completion()))
        )
        async with AsyncQuorate(
            base_url="http://own.test/v1", model="abacus", http_client=own
        ) as client:
            await client.with_deadline(5.0).chat.completions.create(**BODY)
            return await client.ask(QUESTION)

    assert asyncio.run(ask()).value == 46


def test_one_asynchronous_client_serves_loop_after_loop(serve: Serve) -> None:
    client = AsyncQuorate(base_url=serve(answering).url, model="abacus")

    async def ask() -> Any:
        answer = await client.ask(QUESTION, deadline=5.0)
        await client.close()
        return answer.value

    assert asyncio.run(ask()) == 46
