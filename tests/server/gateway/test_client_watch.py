import asyncio
from typing import Any, cast

import pytest

from quorate_server.engines.replica import Replica
from quorate_server.gateway.client_watch import ClientWatch
from quorate_server.gateway.reply import Reply
from tests.server.gateway.harness import EngineStub


@pytest.fixture(autouse=True)
def watched_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quorate_server.gateway.client_watch.UNWATCHED_S", 0.0)


class Client:
    """The receiving end of a request whose body has been read."""

    def __init__(self) -> None:
        self.left = asyncio.Event()

    async def receive(self) -> Any:
        await self.left.wait()
        return {"type": "http.disconnect"}


async def no_send(message: Any) -> None: ...


def watch(client: Client) -> tuple[ClientWatch, Reply]:
    replica = Replica(cast(Any, None), cast(Any, EngineStub()), ("m",))
    reply = Reply(no_send, "q-1")
    return ClientWatch(client.receive, replica, reply), reply


async def test_the_work_is_cancelled_when_the_client_leaves_and_the_block_left_quietly() -> None:
    client = Client()
    watching, _ = watch(client)
    asyncio.get_running_loop().call_soon(client.left.set)
    with watching:
        await asyncio.sleep(10)
    assert watching.gone
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_cancellation_from_outside_goes_through() -> None:
    watching, _ = watch(Client())
    entered = asyncio.Event()

    async def work() -> None:
        with ClientWatch(Client().receive, cast(Any, watching._replica), watching._reply):
            entered.set()
            await asyncio.sleep(10)

    task = asyncio.create_task(work())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_from_outside_wins_over_the_clients_leaving() -> None:
    watching: list[ClientWatch] = []

    async def work() -> None:
        watching.append(watch(Client())[0])
        with watching[0]:
            await asyncio.sleep(10)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    watching[0]._cancel()  # in the same turn of the loop
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_of_the_work_goes_through() -> None:
    watching, _ = watch(Client())
    with pytest.raises(ZeroDivisionError), watching:
        raise ZeroDivisionError


async def test_a_client_that_leaves_after_its_answer_has_not_left() -> None:
    client = Client()
    client.left.set()
    watching, reply = watch(client)
    reply.ended = True
    with watching:
        await asyncio.sleep(0.02)
    assert not watching.gone


async def test_nothing_is_left_running() -> None:
    before = asyncio.all_tasks()
    watching, _ = watch(Client())
    with watching:
        await asyncio.sleep(0.02)
        assert len(asyncio.all_tasks() - before) == 1
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
