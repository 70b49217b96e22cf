"""Which model is meant where the caller names none."""

import asyncio
from collections.abc import Iterable
from contextvars import Context
from typing import TYPE_CHECKING

from quorate.deadline import deadline
from quorate.errors import NoDefaultModel, UnreadableAnswer
from quorate.reading import NotRead

if TYPE_CHECKING:
    from quorate.async_client import AsyncQuorate

LOOKUP_S = 10.0
"""A lookup serves everybody who waits for it: this bounds it, and nobody's deadline or timeout."""


async def only_model(client: "AsyncQuorate") -> str:
    """The model that the client's server serves; asked once, and remembered.

    Raises NoDefaultModel when it does not serve exactly one.
    """
    traffic, url = client.traffic, str(client.base_url)
    known = traffic.models.get(url)
    if known is not None:
        return known
    loop = asyncio.get_running_loop()
    lookups = traffic.lookups.setdefault(loop, {})
    lookup = lookups.get(url)
    if lookup is None:
        lookup = lookups[url] = loop.create_task(_look_up(client), context=Context())
        lookup.add_done_callback(lambda done: _forget(lookups, url, done))
    traffic.models[url] = model = await asyncio.shield(lookup)
    return model


async def _look_up(client: "AsyncQuorate") -> str:
    lasting = client.copy(timeout=LOOKUP_S, _extra_kwargs={"deadline": None})
    with deadline(LOOKUP_S):
        try:
            ids = [model.id async for model in lasting.models.list()]
        except NotRead as error:
            raise UnreadableAnswer(f"The list of models cannot be read: {error!r}.") from error
    return the_only(ids)


def the_only(ids: Iterable[str]) -> str:
    """Of the models listed, the one that is no variant (`name:fast`) of another."""
    listed = set(ids)
    models = sorted(each for each in listed if not _is_variant(each, listed))
    if len(models) == 1:
        return models[0]
    served = ", ".join(models) if models else "none"
    raise NoDefaultModel(f"Say which `model` is meant; these are served: {served}.")


def _is_variant(name: str, listed: set[str]) -> bool:
    parts = name.split(":")
    return any(":".join(parts[:end]) in listed for end in range(1, len(parts)))


def _forget(lookups: dict[str, asyncio.Task[str]], url: str, done: asyncio.Task[str]) -> None:
    lookups.pop(url, None)
    if not done.cancelled():
        done.exception()
