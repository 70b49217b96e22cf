"""Ending requests on a vLLM engine by their ids."""

import asyncio
from collections.abc import Sequence

import msgspec

from quorate_server.errors import EngineFailed
from quorate_server.upstream import Header, Upstream

ABORT_PATH = "/inference/v1/abort_requests"
ANSWER_WITHIN_S = 1.0
"""It takes milliseconds; an engine that hangs must not hold on to whoever ends a request."""


async def abort_requests(
    upstream: Upstream, headers: Sequence[Header], request_ids: Sequence[str]
) -> None:
    """End requests by the `x-request-id` each was sent with (vLLM, `--enable-scale-out`).

    vLLM names a chat request `chatcmpl-<id>` and a completion `cmpl-<id>-<prompt index>`; both
    are sent, an unknown one is ignored there: also one that vLLM has received but not yet begun,
    so a caller that sees no end to its stream has to ask again or close the connection.
    Raises EngineError where the engine cannot be reached or does not answer in ANSWER_WITHIN_S.
    """
    names = [name for i in request_ids for name in (f"chatcmpl-{i}", f"cmpl-{i}-0")]
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            response = await upstream.send(
                "POST",
                ABORT_PATH,
                headers=[*headers, (b"content-type", b"application/json")],
                body=msgspec.json.encode({"request_ids": names}),
            )
            try:
                await response.read()
            finally:
                response.close()
    except TimeoutError:
        raise EngineFailed(
            f"The engine did not answer to an abort within {ANSWER_WITHIN_S:g} s."
        ) from None


class AbortBatch:
    """Gathers what is to be ended in one turn of the event loop into one request.

    A decided group cancels a dozen samples at once, each through its own stream.
    """

    def __init__(self, upstream: Upstream, headers: Sequence[Header]) -> None:
        self._upstream = upstream
        self._headers = headers
        self._waiting: list[str] = []
        self._sending: asyncio.Task[None] | None = None

    async def end(self, request_id: str) -> None:
        """End one request, together with others that are asked for now. Raises EngineError."""
        self._waiting.append(request_id)
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())
            # Where every caller was cancelled there is nobody left to hear of a failure.
            self._sending.add_done_callback(lambda sent: sent.cancelled() or sent.exception())
        # One caller's cancellation is no reason to leave the others' requests running.
        await asyncio.shield(self._sending)

    async def _send(self) -> None:
        await asyncio.sleep(0)
        request_ids, self._waiting, self._sending = self._waiting, [], None
        await abort_requests(self._upstream, self._headers, request_ids)
