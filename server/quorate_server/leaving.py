"""Working for a client only as long as it is there."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress

from quorate_server.gateway.asgi import Receive


async def while_connected(receive: Receive, work: Coroutine[None, None, None]) -> bool:
    """Do `work` until it is done, or cancel it when the client leaves; whether it was done.

    The work's own cleaning up is waited for: what it stops on an engine has been stopped when
    this returns. If the caller is cancelled, so is the work.
    """
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
            return True
        return False
    finally:
        watching.cancel()
        if not working.done():
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
        elif not working.cancelled():
            working.exception()  # looked at, since a caller that was cancelled will not


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
