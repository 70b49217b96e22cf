"""A real engine comes up, stands still, dies and comes back, and never stays behind."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.engine_counters import running_requests
from tests.e2e.frozen import told_by_a_frozen_engine
from tests.e2e.other_load import OtherLoad
from tests.e2e.served import Served, group_members, left_of, serving

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

START_S = 45.0
"""Of a machine that nobody else works on: it takes half of that there."""
SLACK_S = 0.25
"""The client's own share of busy cores."""


@pytest.fixture(scope="module")
def other_load() -> OtherLoad:
    """From before the server's start."""
    return OtherLoad()


@pytest.fixture(scope="module")
def server(
    needs_engine: None, other_load: OtherLoad, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A server of this module's own, to be ill-treated."""
    with serving(tmp_path_factory.mktemp("life")) as server:
        yield server


def test_the_server_is_ready_in_time_and_says_so_meanwhile(
    server: Served, other_load: OtherLoad
) -> None:
    server.wait_for(lambda: server.get("/health") == 200, 20, "the gateway to answer")
    assert server.get("/ready") == 503
    assert server.chat().status_code == 503
    seconds = server.wait_until_ready(240)
    others_s = other_load.seconds_beside(server)
    assert server.chat().status_code == 200
    assert seconds - others_s <= START_S


def test_a_frozen_engine_makes_nobody_late_and_keeps_nothing(server: Served) -> None:
    server.wait_until_ready(240)
    for told in asyncio.run(told_by_a_frozen_engine(server)):
        assert told.elapsed_s < told.budget_s + SLACK_S, told.asked
        assert told.answer.status_code in (200, 400, 502, 503, 504), told.asked
        assert told.answer.content, told.asked
    server.wait_for(
        lambda: running_requests(server.engine_url()) == 0, 5, "the engine to work for nobody"
    )
    assert server.chat().status_code == 200


def test_a_killed_engine_comes_back(server: Served) -> None:
    server.wait_until_ready(240)
    group = server.engine_group()
    main = [pid for pid, name in group_members(group).items() if pid != group]
    os.kill(min(main), signal.SIGKILL)

    server.wait_for(lambda: server.get("/ready") == 503, 5, "the crash to be noticed")
    refused = server.chat()
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "engine_unavailable"
    assert left_of(group, seconds=5) == []

    server.wait_until_ready(240)
    assert server.engine_group() != group
    assert server.chat().status_code == 200


def test_an_engine_does_not_outlive_a_gateway_that_was_killed(server: Served) -> None:
    server.wait_until_ready(240)
    group = server.engine_group()
    assert len(group_members(group)) >= 3
    server.process.kill()
    server.process.wait()
    assert left_of(group, seconds=5) == []


def test_a_gateway_stopped_while_its_engine_starts_leaves_nothing(
    needs_engine: None, tmp_path: Path
) -> None:
    with serving(tmp_path) as server:
        server.wait_for(lambda: "starting at" in server.log.read_text(), 30, "the engine's start")
        group = server.engine_group()
        server.wait_for(lambda: len(group_members(group)) >= 3, 120, "the engine's workers")
        assert server.terminate() == []
        assert server.process.returncode == 0
