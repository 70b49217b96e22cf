import pytest

from quorate_server.engines import sse
from quorate_server.engines.sse import EventStream
from quorate_server.errors import EngineFailed

BODY = b'data: {"a": 1}\n\n: keep-alive\r\n\r\ndata:{"b": 2}\r\n\r\nevent: x\ndata: [DONE]\n\n'
PAYLOADS = [b'{"a": 1}', b'{"b": 2}', b"[DONE]"]


def test_payloads_come_without_comments_and_other_fields() -> None:
    assert EventStream().feed(BODY) == PAYLOADS


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20])
def test_events_survive_being_cut_anywhere(size: int) -> None:
    events = EventStream()
    pieces = [BODY[i : i + size] for i in range(0, len(BODY), size)]
    assert [payload for piece in pieces for payload in events.feed(piece)] == PAYLOADS


def test_an_event_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 10)
    with pytest.raises(EngineFailed):
        EventStream().feed(b"data: 0123456789")
