"""How an answer looks on a terminal."""

from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from quorate_server.cli.asking import Outcome

BAR_CELLS = 28
VOTES_SHOWN = 5
FIELDS_SHOWN = 12


def bar(share: float, cells: int = BAR_CELLS) -> Text:
    """A share of 1 as a bar in its colour."""
    filled = round(max(0.0, min(1.0, share)) * cells)
    rest = Text("░" * (cells - filled), style="bright_black")
    return Text("█" * filled, style=colour(share)) + rest


def colour(share: float) -> str:
    """Green from three quarters, yellow from a half, red below."""
    return "green" if share >= 0.75 else "yellow" if share >= 0.5 else "red"


def progress_view(question: str, progress: dict[str, Any]) -> RenderableType:
    """A group while it is being drawn."""
    told = (
        f"{progress['finished']} finished, {progress['in_flight']} in flight, "
        f"{progress['started']} started"
    )
    return Panel(
        Group(Text(told, style="dim"), _votes(progress["votes"], progress["finished"])),
        title=Text(question, style="bold"),
        title_align="left",
        border_style="dim",
    )


def outcome_view(question: str, outcome: Outcome) -> RenderableType:
    """A decided group: the answer, how far the samples agree, what it cost."""
    consensus, counts = outcome.consensus, outcome.consensus["sample_counts"]
    if consensus["abstained"]:
        headline = Text(outcome.refusal or "no answer", style="bold yellow")
    elif consensus["answer"] is None:
        headline = Text(outcome.content.strip() or "no answer", style="bold")
    else:
        headline = Text(str(consensus["answer"]), style="bold green")
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column()
    facts.add_row("answer", headline)
    agreement = Text.assemble(
        bar(consensus["agreement"]), f" {consensus['agreement']:.0%}", (_low(consensus), "dim")
    )
    facts.add_row("agreement", agreement)
    facts.add_row("confidence", _confidence(consensus))
    if consensus.get("escalated_to"):
        facts.add_row("escalated", Text(_escalated(consensus)))
    if consensus.get("labels"):
        facts.add_row("labels", _labels(consensus["labels"]))
    if consensus.get("fields"):
        facts.add_row("fields", _fields(consensus["fields"], consensus.get("review") or []))
    facts.add_row("votes", _votes(consensus["votes"], counts["finished"]))
    facts.add_row("samples", _samples(counts, consensus["stop_reason"]))
    facts.add_row("tokens", _tokens(outcome.usage))
    if outcome.deadline is not None:
        facts.add_row("time", _time(outcome.deadline))
    return Panel(facts, title=Text(question, style="bold"), title_align="left")


def _low(consensus: dict[str, Any]) -> str:
    low = consensus["agreement_low"]
    return "  (put together)" if low is None else f"  (at least {low:.0%} with 95 % certainty)"


def _confidence(consensus: dict[str, Any]) -> Text:
    confidence, calibration = consensus["confidence"], consensus["calibration"]
    if confidence is not None:
        fitted_on = "" if calibration is None else f"  (fitted on {calibration['fitted_on']})"
        told = Text.assemble(bar(confidence), f" {confidence:.0%} likely to be right")
        return told.append(fitted_on, style="dim")
    reason = str(consensus["confidence_reason"]).replace("_", " ")
    return Text(f"unknown: {reason}", style="dim")


def _escalated(consensus: dict[str, Any]) -> str:
    first = consensus["debug"]["first"]
    return (
        f"to {consensus['escalated_to']}; {first['model']} said {str(first['answer'])[:40]} "
        f"with {first['agreement']:.0%} agreement"
    )


def _labels(labels: list[dict[str, Any]]) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for each in labels[:VOTES_SHOWN]:
        score = each["score"] or 0.0
        table.add_row(str(each["label"])[:40], bar(score, 14), f"{score:.1%}")
    return table


def _fields(fields: dict[str, Any], review: list[str]) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for pointer, each in list(fields.items())[:FIELDS_SHOWN]:
        mark = Text("review", style="yellow") if pointer in review else Text("")
        value = str(each["value"])[:40]
        table.add_row(pointer[:40], value, bar(each["agreement"], 14), mark)
    if len(fields) > FIELDS_SHOWN:
        table.add_row(f"{len(fields) - FIELDS_SHOWN} more", style="dim")
    return table


def _votes(votes: list[dict[str, Any]], finished: int) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for vote in votes[:VOTES_SHOWN]:
        table.add_row(
            str(vote["answer"])[:40], bar(vote["count"] / max(1, finished), 14), f"{vote['count']}"
        )
    if len(votes) > VOTES_SHOWN:
        rest = sum(vote["count"] for vote in votes[VOTES_SHOWN:])
        table.add_row(f"{len(votes) - VOTES_SHOWN} others", "", f"{rest}", style="dim")
    return table


def _samples(counts: dict[str, int], stop_reason: str) -> str:
    parts = [f"{counts['started']} drawn", f"{counts['cancelled']} cancelled"]
    parts += [f"{counts[k]} {k}" for k in ("forced", "unparsed", "failed") if counts[k]]
    return ", ".join(parts) + f" ({stop_reason})"


def _tokens(usage: dict[str, Any]) -> str:
    details = usage.get("completion_tokens_details", {})
    told = (
        f"{usage.get('prompt_tokens', 0)} prompt, {usage.get('completion_tokens', 0)} completion "
        f"({details.get('reasoning_tokens', 0)} thought, "
        f"{details.get('cancelled_tokens', 0)} of cancelled samples)"
    )
    return told + (", estimated" if usage.get("estimated") else "")


def _time(deadline: dict[str, Any]) -> str:
    elapsed, budget = deadline["elapsed_ms"] / 1000, deadline["budget_ms"] / 1000
    return f"{elapsed:.2f} s of {budget:.2f} s, {budget - elapsed:.2f} s left"
