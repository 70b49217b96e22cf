"""Which model is meant is looked up once for all who ask, and each waits as long as it has."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from quorate import AsyncQuorate, DeadlineExceeded
from tests.sdk.conftest import Serve
from tests.sdk.said import MODELS, decided, stream, whole
from tests.sdk.scripted_server import Call, Step

LITTLE_S = 0.1
LISTING_S = 0.3
MUCH_S = 5.0
BOUNDS = {
    "a deadline": lambda client: client.with_deadline(LITTLE_S),
    "a timeout": lambda client: client.with_options(timeout=LITTLE_S, max_retries=0),
}


def listing_slowly(call: Call) -> Iterator[Step]:
    if call.path.endswith("/models"):
        yield LISTING_S
        yield whole(MODELS)
    else:
        yield from stream(*decided())


@pytest.mark.parametrize("hurried", BOUNDS.values(), ids=BOUNDS)
async def test_whoever_came_first_does_not_bound_the_lookup_of_all(
    serve: Serve, hurried: Any
) -> None:
    server = serve(listing_slowly)
    async with AsyncQuorate(base_url=server.url) as client:
        first = asyncio.create_task(hurried(client).ask("What is 12+34?"))
        await asyncio.sleep(0)
        answer = await client.ask("What is 12+34?", deadline=MUCH_S)
        assert answer.value == 46
        await asyncio.wait([first])
        if not first.cancelled():
            first.exception()
    assert sum(call.path.endswith("/models") for call in server.calls) == 1


async def test_each_waits_for_the_lookup_by_its_own_deadline(serve: Serve) -> None:
    server = serve(listing_slowly)
    async with AsyncQuorate(base_url=server.url) as client:
        patient = asyncio.create_task(client.ask("What is 12+34?", deadline=MUCH_S))
        began = asyncio.get_running_loop().time()
        with pytest.raises(DeadlineExceeded):
            await client.ask("What is 12+34?", deadline=LITTLE_S)
        assert asyncio.get_running_loop().time() - began < LISTING_S
        assert (await patient).value == 46
