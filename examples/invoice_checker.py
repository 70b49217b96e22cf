"""Adds invoices up, and flags those whose total is wrong or in doubt.

    quorate serve                                   # the bundled model can do sums, and no more
    python examples/invoice_checker.py [--min-confidence 0.8] [INVOICES.csv]

A line of the file is an invoice: its number, its total, and its items as `3x250`, amounts in whole
units. The sums are asked for side by side, each drawn again until the answers decide or the
confidence asked for is out of reach. One line an invoice comes out:

    ok     the total is right, as far as the model can be trusted
    wrong  it is not, and what it should be
    doubt  not sure enough, or no answer in time: a person adds it up

The confidence is calibrated for the bundled model. Any other needs `quorate calibrate` first.
"""

import argparse
import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from quorate import Answer, LowConfidence, Quorate

INVOICES = (
    "2024-01,107,3x25,32",
    "2024-02,415,120,95,4x50",
    "2024-03,339,7x12,219,46",
    "2024-04,1052,384x2,219,7x8,9",
    "2024-05,17739,87x93,412x7,89x76",
)


@dataclass(frozen=True, slots=True)
class Invoice:
    number: str
    total: int
    items: tuple[str, ...]

    @property
    def question(self) -> str:
        return f"What is {'+'.join(item.replace('x', '*') for item in self.items)}?"


@dataclass(frozen=True, slots=True)
class Check:
    """What is to be said of an invoice."""

    invoice: Invoice
    finding: Literal["ok", "wrong", "doubt"]
    answer: str | None
    """What it adds up to."""
    confidence: float | None
    """That the answer is right."""
    problem: str = ""


def read(lines: Iterable[str]) -> Iterator[Invoice]:
    """Invoices of a file's lines."""
    for number, total, *items in csv.reader(lines):
        yield Invoice(number, int(total), tuple(item.strip() for item in items))


def checked(invoice: Invoice, outcome: Answer | Exception) -> Check:
    """An invoice's check, by what came of asking."""
    if isinstance(outcome, LowConfidence):
        return Check(invoice, "doubt", outcome.answer.text, outcome.answer.confidence)
    if isinstance(outcome, Exception):
        return Check(invoice, "doubt", None, None, str(outcome))
    if outcome.value is None:
        return Check(invoice, "doubt", None, outcome.confidence, "no sample had an answer")
    finding: Literal["ok", "wrong"] = "ok" if outcome.value == invoice.total else "wrong"
    return Check(invoice, finding, outcome.text, outcome.confidence)


def check(
    client: Quorate, invoices: Sequence[Invoice], *, min_confidence: float, deadline_s: float
) -> Iterator[Check]:
    """The invoices' checks, in order, as they become known."""
    outcomes = client.ask_many(
        (invoice.question for invoice in invoices),
        samples=16,
        answer_type="number",
        min_confidence=min_confidence,
        deadline=deadline_s,
        concurrency=4,
    )
    for invoice, outcome in zip(invoices, outcomes, strict=True):
        yield checked(invoice, outcome)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base-url", default="http://127.0.0.1:8000/v1")
    parser.add_argument("--model", default="abacus")
    parser.add_argument("--deadline", type=float, default=10.0, help="seconds an invoice")
    parser.add_argument("--min-confidence", type=float, default=0.8)
    parser.add_argument("invoices", nargs="?", type=Path, help="a CSV file")
    options = parser.parse_args()
    lines = options.invoices.read_text().splitlines() if options.invoices else INVOICES
    limits = {"min_confidence": options.min_confidence, "deadline_s": options.deadline}
    with Quorate(base_url=options.base_url, model=options.model) as client:
        for each in check(client, list(read(lines)), **limits):
            told = each.problem or f"adds up to {each.answer} ({each.confidence or 0:.0%} sure)"
            print(f"{each.finding:6} {each.invoice.number}  {each.invoice.total:>6}  {told}")


if __name__ == "__main__":
    main()
