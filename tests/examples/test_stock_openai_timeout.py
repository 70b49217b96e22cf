import sys
import time

import pytest

from examples.stock_openai_timeout import QUESTION, ask, main
from quorate_server.deadlines import CLIENT_TIMEOUT_HEADERS, DEADLINE_HEADERS
from tests.sampling.scripted import ScriptedEngine
from tests.server.live_gateway import live_gateway
from tests.server.scripted_gateway import slow

TRUSTING = DEADLINE_HEADERS | CLIENT_TIMEOUT_HEADERS
TIMEOUT_S = 1.5


def test_a_server_that_trusts_the_timeout_answers_within_it() -> None:
    with live_gateway(ScriptedEngine([slow()]), deadline_headers=TRUSTING) as url:
        began_at = time.monotonic()
        answer = ask(f"{url}/v1", "abacus", QUESTION, TIMEOUT_S)
        assert time.monotonic() - began_at < TIMEOUT_S
    assert answer is not None
    assert "13" in answer


def test_the_command_says_the_answer_and_the_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with live_gateway(ScriptedEngine([slow()]), deadline_headers=TRUSTING) as url:
        where = ["--base-url", f"{url}/v1", "--timeout", str(TIMEOUT_S)]
        monkeypatch.setattr(sys, "argv", ["", *where])
        main()
    said = capsys.readouterr().out
    assert f"s of {TIMEOUT_S:g}: " in said
    assert "13" in said
