import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate_server.errors import EngineFailed
from quorate_server.gateway.sse import MAX_EVENT_BYTES, StreamRewriter
from tests.server.gateway.harness import DONE, USAGE, chunk, data_event

STREAM = (
    b": a comment\n\n"
    + chunk({"role": "assistant", "content": ""})
    + chunk({"reasoning": 'a "thought"\\'})
    + chunk({"reasoning": "more"}, usage={"completion_tokens": 2})
    + b"event: named\n"
    + chunk({"content": 'the word "error" and [DONE] and \n\n data: {"usage":{}}'})
    + chunk(usage=USAGE)
    + DONE
)


def rewritten(
    stream: bytes, *, wants_usage: bool = False, places: tuple[int, ...] | list[int] = ()
) -> tuple[bytes, StreamRewriter]:
    rewriter = StreamRewriter(wants_usage=wants_usage)
    edges = [0, *sorted({place % (len(stream) + 1) for place in places}), len(stream)]
    out = b"".join(rewriter.feed(stream[a:b]) for a, b in pairwise(edges))
    return out + rewriter.finish(), rewriter


def events(out: bytes) -> list[Any]:
    assert out.endswith(b"\n\n")
    data = [
        event.split("data: ", 1)[1] for event in out.decode().split("\n\n") if "data: " in event
    ]
    return [json.loads(event) if event != "[DONE]" else event for event in data]


@given(
    st.booleans(),
    st.sampled_from([b"\n", b"\r\n"]),
    st.lists(st.integers(0, 100_000), max_size=60),
)
def test_the_output_does_not_depend_on_how_the_bytes_were_cut(
    wants_usage: bool, line_end: bytes, places: list[int]
) -> None:
    stream = STREAM.replace(b"\n", line_end)
    whole, _ = rewritten(STREAM, wants_usage=wants_usage)
    out, rewriter = rewritten(stream, wants_usage=wants_usage, places=places)
    assert out == whole
    assert rewriter.done
    assert rewriter.usage is not None
    assert rewriter.usage.completion_tokens == 5


@given(
    st.lists(st.sampled_from([b"\n", b"\r", b"a", b"data: {}", b"data: [DONE]"]), max_size=12),
    st.lists(st.integers(0, 100), max_size=20),
)
def test_odd_streams_too_come_out_the_same_however_cut(
    parts: list[bytes], places: list[int]
) -> None:
    stream = b"".join(parts)
    assert rewritten(stream, places=places)[0] == rewritten(stream)[0]


def test_usage_that_was_not_asked_for_is_taken_out() -> None:
    out, rewriter = rewritten(chunk({"content": "a"}) + chunk(usage=USAGE) + DONE)
    assert out == chunk({"content": "a"}) + DONE
    assert rewriter.usage is not None
    assert rewriter.usage.prompt_tokens == 7


def test_usage_that_was_asked_for_is_null_until_the_end() -> None:
    out, _ = rewritten(chunk({"content": "a"}) + chunk(usage=USAGE) + DONE, wants_usage=True)
    first, last, done = events(out)
    assert first["usage"] is None
    assert (last["usage"], last["choices"], done) == (USAGE, [], "[DONE]")


def test_usage_that_the_engine_gives_with_every_chunk_stays() -> None:
    stream = chunk({"content": "a"}, usage={"completion_tokens": 1}) + chunk(usage=USAGE) + DONE
    out, _ = rewritten(stream, wants_usage=True)
    assert out == stream


def test_reasoning_has_both_names_in_every_chunk() -> None:
    out, _ = rewritten(chunk({"reasoning": "a"}) + chunk({"reasoning_content": "b"}) + DONE)
    deltas = [event["choices"][0]["delta"] for event in events(out)[:2]]
    assert deltas == [
        {"reasoning": "a", "reasoning_content": "a"},
        {"reasoning_content": "b", "reasoning": "b"},
    ]


def test_an_error_in_the_stream_is_told_in_our_envelope_and_nothing_follows() -> None:
    told = {"error": {"message": "too long", "type": "BadRequestError", "param": None, "code": 400}}
    out, rewriter = rewritten(chunk({"content": "a"}) + data_event(told) + DONE)
    first, error = events(out)
    assert first["choices"]
    assert error == {
        "error": {
            "message": "too long",
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        }
    }
    assert not rewriter.done


@pytest.mark.parametrize("rest", [b"", b'data: {"choices"', b": ping\n\n"])
def test_a_stream_that_ends_without_its_end_is_a_failure(rest: bytes) -> None:
    out, rewriter = rewritten(chunk({"content": "a"}) + rest)
    assert events(out)[-1]["error"]["code"] == "engine_failed"
    assert b"[DONE]" not in out
    assert isinstance(rewriter.error, EngineFailed)


def test_an_end_without_its_empty_line_is_an_end() -> None:
    out, rewriter = rewritten(chunk({"content": "a"}) + b"data: [DONE]")
    assert out == chunk({"content": "a"}) + DONE
    assert rewriter.done


def test_a_failure_after_the_end_is_not_told() -> None:
    rewriter = StreamRewriter(wants_usage=False)
    rewriter.feed(DONE)
    assert rewriter.fail(EngineFailed("late")) == b""


def test_an_event_without_end_is_refused() -> None:
    rewriter = StreamRewriter(wants_usage=False)
    piece = b"x" * 2**20
    for _ in range(MAX_EVENT_BYTES // len(piece)):
        assert rewriter.feed(piece) == b""
    with pytest.raises(EngineFailed, match="without end"):
        rewriter.feed(piece)


@pytest.mark.parametrize("pieces", [[b"data: {}\r\n\r", b"\n"], [b"data: {}\n", b"\n"]])
def test_an_event_leaves_as_soon_as_it_is_complete(pieces: list[bytes]) -> None:
    rewriter = StreamRewriter(wants_usage=False)
    assert [rewriter.feed(piece) for piece in pieces] == [b"", b"data: {}\n\n"]


def test_chunks_are_counted_for_the_bill() -> None:
    _, rewriter = rewritten(chunk({"content": "a"}) * 3 + chunk(usage=USAGE) + DONE)
    assert rewriter.chunks == 3
