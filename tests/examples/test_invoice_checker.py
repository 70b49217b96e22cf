import sys
from pathlib import Path

import pytest

from examples.invoice_checker import Invoice, check, checked, main, read
from quorate import Answer, LowConfidence, Quorate, Timings
from tests.examples.answering import Answering
from tests.server.live_gateway import live_gateway
from tests.server.scripted_gateway import quick

INVOICE = Invoice("A-1", 107, ("3x25", "32"))


def answer(value: int | None, confidence: float | None) -> Answer:
    return Answer(
        value=value,
        text=None if value is None else str(value),
        answer_type="number",
        confidence=confidence,
        confidence_reason=None,
        agreement=1.0,
        agreement_low=0.7,
        votes=(),
        abstained=value is None,
        stop_reason="decided",
        timings=Timings(budget_ms=1000, client_ms=500),
    )


def test_an_invoices_line_becomes_a_sum() -> None:
    first, second = read(["A-1,107,3x25,32", "A-2, 415,120, 95,4x50"])
    assert first == INVOICE
    assert first.question == "What is 3*25+32?"
    assert second.question == "What is 120+95+4*50?"
    assert second.total == 415


@pytest.mark.parametrize(("value", "finding"), [(107, "ok"), (106, "wrong")])
def test_a_sure_answer_judges_the_total(value: int, finding: str) -> None:
    found = checked(INVOICE, answer(value, 0.97))
    assert (found.finding, found.answer, found.confidence) == (finding, str(value), 0.97)


@pytest.mark.parametrize("value", [107, 106])
def test_an_answer_that_is_not_sure_is_a_doubt_even_if_it_fits(value: int) -> None:
    found = checked(INVOICE, LowConfidence(answer(value, 0.4), 0.8))
    assert (found.finding, found.answer, found.confidence) == ("doubt", str(value), 0.4)


def test_no_answer_is_a_doubt_and_never_wrong() -> None:
    assert checked(INVOICE, answer(None, 0.9)).finding == "doubt"
    failed = checked(INVOICE, TimeoutError("too late"))
    assert (failed.finding, failed.problem) == ("doubt", "too late")


def test_a_model_that_is_not_calibrated_is_said_to_be() -> None:
    engine = Answering(by_phrase={"3*25+32": [quick("107")]})
    with live_gateway(engine) as url, Quorate(base_url=f"{url}/v1", model="abacus") as client:
        (found,) = check(client, [INVOICE], min_confidence=0.8, deadline_s=2)
    assert found.finding == "doubt"
    assert "calibrat" in found.problem


def test_the_command_reads_a_file_and_prints_a_line_an_invoice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "invoices.csv"
    file.write_text("A-1,107,3x25,32\nA-2,9,4,5\n")
    where = ["--base-url", "http://127.0.0.1:9/v1", "--deadline", "0.3"]
    monkeypatch.setattr(sys, "argv", ["", *where, str(file)])
    main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines] == [["doubt", "A-1", "107"], ["doubt", "A-2", "9"]]
