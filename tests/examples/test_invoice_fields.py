import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from examples.invoice_fields import INVOICE, RESPONSE_FORMAT, Extract, extract, main
from quorate import Quorate
from tests.examples.answering import Answering
from tests.sampling.scripted import Script
from tests.server.live_gateway import live_gateway
from tests.server.scripted_gateway import quick

FIELDS = {"vendor": "ACME Ltd", "number": "2024-117", "date": "2024-05-03", "total": 88.68}
AGREED = {"min_agreement": 0.8}


def reading(**differs: Any) -> Script:
    return quick(json.dumps({**FIELDS, **differs}))


def engine(readings: Sequence[Script]) -> Answering:
    return Answering(by_phrase={"Invoice": readings})


@contextmanager
def asking(readings: Sequence[Script]) -> Iterator[tuple[Quorate, Answering]]:
    answering = engine(readings)
    with live_gateway(answering) as url, Quorate(base_url=f"{url}/v1", model="abacus") as client:
        yield client, answering


def extracted(readings: Sequence[Script], threshold: dict[str, float] = AGREED) -> Extract:
    with asking(readings) as (client, _):
        (found,) = extract(client, [INVOICE], threshold, 5)
    return found


def test_what_the_readings_agree_on_needs_nobody() -> None:
    found = extracted([reading()])
    assert found.fields == FIELDS
    assert not found.needs_person


def test_the_same_meant_in_other_words_is_no_doubt() -> None:
    readings = [reading(vendor="acme ltd"), reading(total=88.681), reading(date="3 May 2024")]
    found = extracted([reading(), *readings] * 2)
    assert not found.needs_person


def test_a_field_in_doubt_goes_to_a_person_with_what_was_read() -> None:
    found = extracted([reading(), reading(total=48.90)] * 4)
    assert found.needs_person
    assert list(found.review) == ["/total"]
    assert set(found.review["/total"]) == {"88.68", "48.9"}
    assert sum(found.review["/total"].values()) > 1


def test_without_a_calibration_a_confidence_leaves_every_field_in_doubt() -> None:
    found = extracted([reading()], {"min_confidence": 0.9})
    assert set(found.review) == {"/vendor", "/number", "/date", "/total"}


def test_what_is_no_invoice_goes_to_a_person() -> None:
    assert extracted([quick("I cannot read this.")]).needs_person
    assert extracted([quick('"a text"')]).needs_person


def test_the_schema_reaches_the_engine() -> None:
    with asking([reading()]) as (client, answering):
        list(extract(client, [INVOICE, INVOICE], AGREED, 5))
    assert all(draw.body["response_format"] == RESPONSE_FORMAT for draw in answering.draws)


def test_a_server_that_is_not_there_is_said_so() -> None:
    with Quorate(base_url="http://127.0.0.1:9/v1", model="m") as client:
        (found,) = extract(client, [INVOICE], AGREED, 0.5)
    assert found.needs_person
    assert found.problem


def test_the_command_reads_files_and_prints_a_json_line_each(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("a.txt", "b.txt")]
    for file in files:
        file.write_text(INVOICE)
    with live_gateway(engine([reading()])) as url:
        where = ["--base-url", f"{url}/v1", "--model", "abacus"]
        monkeypatch.setattr(sys, "argv", ["", *where, *map(str, files)])
        main()
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told == [{"person": False, "fields": FIELDS, "review": {}, "problem": None}] * 2
