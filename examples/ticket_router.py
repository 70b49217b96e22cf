"""Support tickets sent to a team each, and to a person where the model is in doubt.

    quorate serve --model Qwen/Qwen3-8B
    python examples/ticket_router.py [--min-score 0.75] [TICKETS.txt]

A ticket a line. Each is read several times side by side, until the readings decide or its time is
over. One line a ticket comes out, in order: its queue, the score of the team that leads, why, the
ticket. What scores too low, or had no answer in time, is in the queue of the person.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from quorate import Answer, Quorate

PERSON = "person"
TEAMS = {
    "billing": "invoices, refunds, payment methods",
    "access": "sign-in, passwords, permissions",
    "outage": "the service is down, slow or loses data",
    "sales": "prices, offers, more seats",
}
TICKETS = (
    "I was charged twice in March, please refund one of them.",
    "Since the update nobody in our office can sign in.",
    "Could you send an offer for 40 more seats?",
    "This is not what I ordered, and the page shows an error.",
)


@dataclass(frozen=True, slots=True)
class Route:
    """Where a ticket goes, and why."""

    ticket: str
    queue: str
    score: float
    """Of the team that leads, 0 to 1."""
    why: str


def prompt_for(ticket: str) -> str:
    teams = "\n".join(f"- {team}: {about}" for team, about in TEAMS.items())
    return (
        f"Which team should have this ticket?\n\n{teams}\n\n"
        f"Ticket: {ticket}\n\nEnd with the team's name alone."
    )


def routed(ticket: str, answer: Answer | Exception, min_score: float) -> Route:
    """A ticket's route, by what came of asking."""
    if isinstance(answer, Exception):
        return Route(ticket, PERSON, 0.0, type(answer).__name__)
    if answer.value is None or not answer.labels:
        return Route(ticket, PERSON, 0.0, "no team named")
    best = answer.labels[0]
    if best.score < min_score:
        return Route(ticket, PERSON, best.score, f"maybe {best.label}")
    return Route(ticket, best.label, best.score, f"{best.count} readings")


def route(
    client: Quorate, tickets: Sequence[str], *, deadline_s: float, min_score: float
) -> Iterator[Route]:
    """The tickets' routes, in order, as they become known."""
    answers = client.ask_many(
        (prompt_for(ticket) for ticket in tickets),
        samples=8,
        answer_type={"labels": list(TEAMS)},
        deadline=deadline_s,
        concurrency=8,
    )
    for ticket, answer in zip(tickets, answers, strict=True):
        yield routed(ticket, answer, min_score)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base-url", default="http://127.0.0.1:8000/v1")
    parser.add_argument("--model", help="where the server has more than one")
    parser.add_argument("--deadline", type=float, default=5.0, help="seconds a ticket")
    parser.add_argument("--min-score", type=float, default=0.75, help="below it a person decides")
    parser.add_argument("tickets", nargs="?", type=Path, help="a file with a ticket a line")
    options = parser.parse_args()
    tickets = options.tickets.read_text().splitlines() if options.tickets else TICKETS
    with Quorate(base_url=options.base_url, model=options.model) as client:
        routes = route(client, tickets, deadline_s=options.deadline, min_score=options.min_score)
        for each in routes:
            print(f"{each.queue:8}{each.score:5.0%}  {each.why:18.18}  {each.ticket}")


if __name__ == "__main__":
    main()
