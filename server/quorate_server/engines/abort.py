"""Ending requests on a vLLM engine by their ids."""

from collections.abc import Sequence

import msgspec

from quorate_server.upstream import Header, Upstream

ABORT_PATH = "/inference/v1/abort_requests"


async def abort_requests(
    upstream: Upstream, headers: Sequence[Header], request_ids: Sequence[str]
) -> None:
    """End requests by the `x-request-id` each was sent with (vLLM, `--enable-scale-out`).

    vLLM names a chat request `chatcmpl-<id>` and a completion `cmpl-<id>-<prompt index>`; both
    are sent, an unknown one is ignored there: also one that vLLM has received but not yet begun,
    so a caller that sees no end to its stream has to ask again or close the connection.
    Raises EngineError where the engine cannot be reached.
    """
    names = [name for i in request_ids for name in (f"chatcmpl-{i}", f"cmpl-{i}-0")]
    response = await upstream.send(
        "POST",
        ABORT_PATH,
        headers=[*headers, (b"content-type", b"application/json")],
        body=msgspec.json.encode({"request_ids": names}),
    )
    await response.read()
