import sys
import time
from collections.abc import Iterator

import pytest

from examples.ticket_router import PERSON, TEAMS, TICKETS, main, prompt_for, route
from quorate import Quorate
from tests.examples.answering import Answering
from tests.server.live_gateway import live_gateway
from tests.server.scripted_gateway import quick, slow

SURE, TORN, LOST, ENDLESS = TICKETS


def engine() -> Answering:
    return Answering(
        by_phrase={
            SURE: [quick("It is about money: billing")],
            TORN: [quick("access"), quick("outage")] * 8,
            LOST: [quick("I do not know")],
            ENDLESS: [slow(deaf=True)],
        },
        forced=quick("I do not know", thought=0),
    )


@pytest.fixture
def client() -> Iterator[Quorate]:
    with live_gateway(engine()) as url, Quorate(base_url=f"{url}/v1", model="abacus") as client:
        yield client


def test_a_ticket_goes_to_the_team_its_readings_agree_on(client: Quorate) -> None:
    (found,) = route(client, [SURE], deadline_s=5, min_score=0.75)
    assert (found.queue, found.score) == ("billing", 1.0)


def test_torn_readings_and_none_at_all_go_to_a_person(client: Quorate) -> None:
    torn, lost = route(client, [TORN, LOST], deadline_s=5, min_score=0.75)
    assert (torn.queue, torn.score) == (PERSON, 0.5)
    assert torn.why in ("maybe access", "maybe outage")
    assert (lost.queue, lost.score, lost.why) == (PERSON, 0.0, "no team named")


def test_endless_thinking_is_closed_within_its_time_and_the_others_do_not_wait(
    client: Quorate,
) -> None:
    began_at = time.monotonic()
    found = list(route(client, [ENDLESS, SURE], deadline_s=1.5, min_score=0.75))
    assert time.monotonic() - began_at < 1.6
    assert [each.ticket for each in found] == [ENDLESS, SURE]
    assert [each.queue for each in found] == [PERSON, "billing"]


def test_a_server_that_is_not_there_sends_every_ticket_to_a_person() -> None:
    with Quorate(base_url="http://127.0.0.1:9/v1", model="m") as client:
        found = list(route(client, TICKETS, deadline_s=0.5, min_score=0.75))
    assert {each.queue for each in found} == {PERSON}
    assert all(each.why for each in found)


def test_the_prompt_names_every_team_and_the_ticket() -> None:
    prompt = prompt_for(SURE)
    assert SURE in prompt
    assert all(team in prompt for team in TEAMS)


def test_the_command_prints_a_line_a_ticket(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with live_gateway(engine()) as url:
        monkeypatch.setattr(sys, "argv", ["", "--base-url", f"{url}/v1", "--model", "abacus"])
        main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["billing", PERSON, PERSON, PERSON]
    assert all(line.endswith(ticket) for line, ticket in zip(lines, TICKETS, strict=True))
