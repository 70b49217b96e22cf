import threading
from typing import Any

import pytest

from quorate_sampling.engine import Sample
from quorate_server import encoding
from quorate_server.encoding import BYTES_PER_TOKEN, OFF_LOOP_BYTES, carried_tokens, encode_large

MANY = OFF_LOOP_BYTES // BYTES_PER_TOKEN + 1


@pytest.mark.parametrize(("tokens", "on_loop"), [(MANY, False), (MANY // 2, True)])
async def test_only_large_bodies_are_encoded_off_the_loop(
    monkeypatch: pytest.MonkeyPatch, tokens: int, on_loop: bool
) -> None:
    threads = []

    def encode(value: Any) -> bytes:
        threads.append(threading.current_thread())
        return b"{}"

    monkeypatch.setattr(encoding, "encode", encode)
    assert await encode_large({}, tokens) == b"{}"
    assert [thread is threading.current_thread() for thread in threads] == [on_loop]


def test_log_probabilities_weigh_more_than_the_tokens_they_are_of() -> None:
    bare = Sample(0, "finished", content="46", token_ids=(1, 2))
    entry = {"token": "4", "logprob": -0.1, "top_logprobs": [{"token": "4", "logprob": -0.1}] * 5}
    told = Sample(0, "finished", content="46", token_ids=(1, 2), logprobs=(entry, entry))
    assert carried_tokens([bare]) == 2
    assert carried_tokens([bare, bare]) == 4
    assert carried_tokens([told]) > 50


def test_text_weighs_something_where_no_token_ids_are_known() -> None:
    assert carried_tokens([Sample(0, "finished", reasoning="t" * 400)]) == 100
