"""How an answer looks on a terminal."""

from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from quorate_server.cli.asking import Outcome

BAR_CELLS = 28
VOTES_SHOWN = 5


def bar(share: float, cells: int = BAR_CELLS) -> Text:
    """A share of 1 as a bar: green from three quarters, yellow from a half, red below."""
    filled = round(max(0.0, min(1.0, share)) * cells)
    colour = "green" if share >= 0.75 else "yellow" if share >= 0.5 else "red"
    return Text("█" * filled, style=colour) + Text("░" * (cells - filled), style="bright_black")


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
    if consensus["answer"] is None:
        headline = Text(outcome.refusal or outcome.content.strip() or "no answer", style="bold")
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
    facts.add_row("votes", _votes(consensus["votes"], counts["finished"]))
    facts.add_row("samples", _samples(counts, consensus["stop_reason"]))
    facts.add_row("tokens", _tokens(outcome.usage))
    if outcome.deadline is not None:
        facts.add_row("time", _time(outcome.deadline))
    return Panel(facts, title=Text(question, style="bold"), title_align="left")


def _low(consensus: dict[str, Any]) -> str:
    return f"  (at least {consensus['agreement_low']:.0%} with 95 % certainty)"


def _confidence(consensus: dict[str, Any]) -> Text:
    if consensus["confidence"] is not None:
        return Text(f"{consensus['confidence']:.0%} likely to be right")
    reason = str(consensus["confidence_reason"]).replace("_", " ")
    return Text(f"unknown: {reason}", style="dim")


def _votes(votes: list[dict[str, Any]], finished: int) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for vote in votes[:VOTES_SHOWN]:
        table.add_row(
            str(vote["answer"])[:40], bar(vote["count"] / finished, 14), f"{vote['count']}"
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
