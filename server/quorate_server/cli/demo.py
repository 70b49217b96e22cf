"""`quorate demo`: what Quorate is for, on a real engine, in a minute."""

import time
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from quorate_server.cli.ask import client_of, follow
from quorate_server.cli.asking import AskFailed, Question
from quorate_server.cli.local import local_server
from quorate_server.cli.show import colour, outcome_view

QUESTIONS: tuple[tuple[str, int], ...] = (
    ("What is 4+5?", 4 + 5),
    ("What is 38+47?", 38 + 47),
    ("What is 12+34*5-6?", 12 + 34 * 5 - 6),
    ("What is 47*6-138+29*4?", 47 * 6 - 138 + 29 * 4),
    ("What is 47-12+83+219-64+35-128+77-9+140?", 388),
    ("What is 384*7-219+56?", 384 * 7 - 219 + 56),
    ("What is 47*83-956+38?", 47 * 83 - 956 + 38),
)
"""Questions for the bundled reasoner, rising in difficulty, with their right answers."""

HEADINGS = ("question", "answer", "agreement", "confidence", "drawn", "tokens", "time")
SAMPLES = 16
DEADLINE_S = 3.5


def demo_command(
    url: Annotated[
        str | None, typer.Option(help="A server of the bundled model that runs already.")
    ] = None,
) -> None:
    """Start the bundled reasoner on a real vLLM and ask it questions of rising difficulty."""
    console = Console()
    try:
        if url is not None:
            _ask_all(console, url)
        else:
            console.print("Starting vLLM with the bundled reasoner, abacus …")
            with local_server() as own:
                _ask_all(console, own)
    except AskFailed as error:
        Console(stderr=True).print(Text(error.message, style="red"))
        raise typer.Exit(1) from None


def _ask_all(console: Console, url: str) -> None:
    console.print(
        f"\nEach question is sampled up to {SAMPLES} times and answered by vote within "
        f"{DEADLINE_S} s.\nAs the questions get harder the samples agree less. Confidence says how "
        "often answers like\nthis one were right, on questions whose answers are known.\n"
    )
    rows: list[dict[str, Any]] = []
    with client_of(url) as client:
        for text, right in QUESTIONS:
            began_at = time.monotonic()
            question = Question(text, samples=SAMPLES, deadline_s=DEADLINE_S)
            outcome = follow(client, question, quiet=not console.is_terminal)
            console.print(outcome_view(text, outcome))
            rows.append(
                {
                    "question": text,
                    "answer": outcome.consensus["answer"],
                    "right": outcome.consensus["answer"] == str(right),
                    "agreement": outcome.consensus["agreement"],
                    "confidence": outcome.consensus["confidence"],
                    "samples": outcome.consensus["sample_counts"]["started"],
                    "tokens": outcome.usage["completion_tokens"],
                    "seconds": time.monotonic() - began_at,
                }
            )
    console.print(summary(rows))
    console.print(
        "\nAsk it yourself:  .venv/bin/quorate ask --local 'What is 64*7-90?' "
        f"--samples {SAMPLES} --deadline {DEADLINE_S}\n"
        "Serve it:         .venv/bin/quorate serve   (OpenAI's API at http://127.0.0.1:8000/v1)"
    )


def summary(rows: list[dict[str, Any]]) -> Table:
    """A row for each question; it fits into 80 columns."""
    table = Table(
        title="Confidence falls as the questions get hard",
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        padding=0,
    )
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading in ("question", "answer") else "right")
    for row in rows:
        mark = Text(" ✓", style="green") if row["right"] else Text(" ✗", style="red")
        confidence = row["confidence"]
        table.add_row(
            row["question"].removeprefix("What is ").removesuffix("?"),
            Text(str(row["answer"])) + mark,
            _share(row["agreement"]),
            Text("–") if confidence is None else _share(confidence),
            str(row["samples"]),
            str(row["tokens"]),
            f"{row['seconds']:.1f} s",
        )
    return table


def _share(share: float) -> Text:
    return Text(f"{share:.0%}", style=colour(share))
