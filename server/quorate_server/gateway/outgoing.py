"""What a plain request becomes on its way to an engine: the same bytes, unless it must not be."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import UNSET, Raw

from quorate_server.gateway.peek import OUR_FIELDS, Peek
from quorate_server.upstream import Header

_PASSED_ON = (b"accept", b"traceparent", b"tracestate")
_ASK_USAGE = b'"stream_options":{"include_usage":true},'


def engine_body(body: bytes, peek: Peek, *, model: str, ask_usage: bool) -> bytes:
    """The body for the engine, which calls the model `model`.

    With `ask_usage` a stream's usage is asked for. What is missing is spliced in behind the
    opening brace; only what has to change or go makes the body be taken apart, and then every
    other value keeps its bytes.
    """
    replace_options = ask_usage and peek.stream_options is not UNSET
    if replace_options or peek.names_our_fields:
        return _taken_apart(body, peek, model=model, ask_usage=ask_usage)
    splice = _ASK_USAGE if ask_usage else b""
    if peek.model is None:
        if b'"model"' in body:  # there, but null
            return _taken_apart(body, peek, model=model, ask_usage=ask_usage)
        splice += b'"model":' + msgspec.json.encode(model) + b","
    if not splice:
        return body
    brace = body.index(b"{") + 1
    return body[:brace] + splice + body[brace:]


def engine_headers(
    found: Mapping[bytes, bytes], request_id: str, replica_headers: Sequence[Header]
) -> list[Header]:
    """Headers for the engine: few of the client's, and never its Authorization."""
    headers = [
        (b"content-type", found.get(b"content-type", b"application/json")),
        (b"x-request-id", request_id.encode()),
        *replica_headers,
    ]
    headers.extend((name, found[name]) for name in _PASSED_ON if name in found)
    return headers


def _taken_apart(body: bytes, peek: Peek, *, model: str, ask_usage: bool) -> bytes:
    fields = msgspec.json.decode(body, type=dict[str, Raw])
    for name in OUR_FIELDS:
        fields.pop(name, None)
    if peek.model is None:
        fields["model"] = Raw(msgspec.json.encode(model))
    if ask_usage:
        fields["stream_options"] = Raw(_with_usage(fields.get("stream_options")))
    return msgspec.json.encode(fields)


def _with_usage(options: Raw | None) -> bytes:
    given = msgspec.json.decode(options, type=dict[str, Raw] | None) if options else None
    asked = {**(given or {}), "include_usage": True}
    # Without include_usage it did nothing, and must not begin to now.
    asked.pop("continuous_usage_stats", None)
    return msgspec.json.encode(asked)
