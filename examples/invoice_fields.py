"""Fields out of invoices, as JSON; those that the readings do not agree on go to a person.

    quorate serve --model Qwen/Qwen3-8B
    python examples/invoice_fields.py [--min-agreement 0.8 | --min-confidence 0.95] [INVOICE.txt …]

Each text is read several times, and the readings vote field by field. One JSON line an invoice
comes out: its fields and, under `review`, what was read in those that are in doubt. Agreement
needs nothing; a confidence needs answers that were judged before (`quorate calibrate`), and
where there is none every field is in doubt.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from quorate import Answer, Quorate

INVOICE = """ACME Ltd, 1 Mill Lane                       Invoice 2024-117
Date: 3 May 2024                            Due in 14 days
2 x hinge, brass        12.50               25.00
1 x door handle                             48.90
VAT 20 %                                    14.78
Total                                       88.68"""
PROPERTIES = {
    "vendor": {"type": "string"},
    "number": {"type": "string"},
    "date": {"type": "string"},
    "total": {"type": "number"},
}
SCHEMA = {
    "type": "object",
    "properties": PROPERTIES,
    "required": list(PROPERTIES),
    "additionalProperties": False,
}
RESPONSE_FORMAT = {"type": "json_schema", "json_schema": {"name": "invoice", "schema": SCHEMA}}
COMPARED = {
    "/vendor": {"compare": "casefold"},
    "/date": {"compare": "date"},
    "/total": {"compare": {"abs": 0.005}},
}


@dataclass(frozen=True, slots=True)
class Extract:
    """What was read of one invoice."""

    fields: Mapping[str, Any] | None
    """None where nothing could be read in time."""
    review: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Fields in doubt, by JSON Pointer, with how often each value was read."""
    problem: str | None = None

    @property
    def needs_person(self) -> bool:
        return self.fields is None or bool(self.review)


def extracted(answer: Answer | Exception) -> Extract:
    """An invoice's extract, by what came of asking."""
    if isinstance(answer, Exception):
        return Extract(None, problem=str(answer))
    if not isinstance(answer.value, dict) or answer.fields is None:
        return Extract(None, problem="no reading was an invoice")
    votes = {pointer: answer.fields[pointer].votes for pointer in answer.review}
    review = {
        pointer: {vote.answer: vote.count for vote in read} for pointer, read in votes.items()
    }
    return Extract(answer.value, review)


def extract(
    client: Quorate, invoices: Sequence[str], threshold: Mapping[str, float], deadline_s: float
) -> Iterator[Extract]:
    """The invoices' extracts, in order; `threshold` holds for each field."""
    question = "Read this invoice. Answer in JSON, the date as YYYY-MM-DD.\n\n"
    answers = client.ask_many(
        (question + invoice for invoice in invoices),
        samples=8,
        answer_type="json",
        fields={"": threshold, **COMPARED},
        deadline=deadline_s,
        concurrency=4,
        extra_body={"response_format": RESPONSE_FORMAT},
    )
    return map(extracted, answers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base-url", default="http://127.0.0.1:8000/v1")
    parser.add_argument("--model", help="where the server has more than one")
    parser.add_argument("--deadline", type=float, default=20.0, help="seconds an invoice")
    least = parser.add_mutually_exclusive_group()
    least.add_argument("--min-agreement", type=float, default=0.8)
    least.add_argument("--min-confidence", type=float)
    parser.add_argument("invoices", nargs="*", type=Path, help="text files")
    options = parser.parse_args()
    invoices = [path.read_text() for path in options.invoices] or [INVOICE]
    threshold = {"min_agreement": options.min_agreement}
    if options.min_confidence is not None:
        threshold = {"min_confidence": options.min_confidence}
    with Quorate(base_url=options.base_url, model=options.model) as client:
        for each in extract(client, invoices, threshold, options.deadline):
            print(json.dumps({"person": each.needs_person, **asdict(each)}))


if __name__ == "__main__":
    main()
