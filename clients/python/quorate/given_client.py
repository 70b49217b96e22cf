"""A caller's own synchronous HTTP client, spoken to from an event loop."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from quorate.daemon_threads import in_thread
from quorate.http_library import httpx

if TYPE_CHECKING:
    from httpx2 import AsyncClient, Request, Response


_OF_THE_TRANSFER = frozenset({"content-encoding", "content-length", "transfer-encoding"})


def over_threads(given: Any) -> "AsyncClient":
    """Sends through `given`, with its proxies, certificates, authentication and hooks.

    A call that is given up on ends when the HTTP client's own timeouts let it; nobody waits for it.
    """
    return httpx.AsyncClient(
        transport=_InThreads(given), follow_redirects=False, trust_env=False, verify=False
    )


class _InThreads(httpx.AsyncBaseTransport):
    def __init__(self, given: Any) -> None:
        self._given = given

    async def handle_async_request(self, request: "Request") -> "Response":
        own = self._given.build_request(
            request.method,
            str(request.url),
            headers=request.headers.multi_items(),
            content=await request.aread(),
        )
        sending = in_thread(lambda: self._given.send(own, stream=True))
        try:
            response = await asyncio.wrap_future(sending)
        except asyncio.CancelledError:
            sending.add_done_callback(_close)
            raise
        headers = response.headers.multi_items()
        if response.is_stream_consumed:  # by a transport that had it all: it is decoded then
            headers = [each for each in headers if each[0].lower() not in _OF_THE_TRANSFER]
            return httpx.Response(response.status_code, headers=headers, content=response.content)
        return httpx.Response(response.status_code, headers=headers, stream=_Body(response))


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: Any) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = self._response.iter_raw()
        while (piece := await asyncio.wrap_future(in_thread(next, pieces, None))) is not None:
            yield piece

    async def aclose(self) -> None:
        in_thread(self._response.close)


def _close(sending: Any) -> None:
    if not sending.cancelled() and sending.exception() is None:
        sending.result().close()
