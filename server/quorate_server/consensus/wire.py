"""A decided group in the words of the wire contract."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from quorate_sampling.engine import Sample
from quorate_sampling.group import Group, Progress
from quorate_sampling.votes import Vote
from quorate_server.completion import Shape
from quorate_server.consensus.options import ConsensusOptions, ContentMode
from quorate_server.consensus.planning import rule_name
from quorate_server.encoding import encode
from quorate_server.upstream import Header

NO_CALIBRATION = "no_calibration"
"""Why `confidence` is null: nothing was ever calibrated for this model."""

NOTHING_FINISHED = "No sample had answered by the deadline."
NOTHING_READ = "No sample had an answer that could be read."


def consensus_object(group: Group, options: ConsensusOptions, shape: Shape) -> dict[str, Any]:
    """The response's `consensus`. Confidence is null until a calibration covers the model."""
    body: dict[str, Any] = {
        "answer": group.votes[0].answer if group.votes else None,
        "answer_type": group.kind,
        "confidence": None,
        "confidence_reason": NO_CALIBRATION,
        "calibration": None,
        "agreement": round(group.agreement, 4),
        "agreement_low": round(group.agreement_low, 4),
        "votes": [_vote(vote) for vote in group.votes],
        "sample_counts": {
            "started": group.counts.started,
            "finished": group.counts.finished,
            "cancelled": group.counts.cancelled,
            "failed": group.counts.failed,
            "unparsed": group.counts.unparsed,
            "forced": group.counts.forced,
        },
        "stop_reason": group.stop_reason,
        "abstained": group.winner is None,
        "escalated_to": None,
        "fields": None,
        "labels": None,
        "debug": {
            "lead_stability": round(group.lead_stability, 4),
            "early_stop": early_stop_name(options),
        },
    }
    if options.return_samples:
        body["samples"] = [_sample(shape.shown(sample)) for sample in group.samples]
    return body


def progress_object(progress: Progress) -> dict[str, Any]:
    """`consensus_progress`: the votes so far."""
    return {
        "votes": [{"answer": vote.answer, "count": vote.count} for vote in progress.votes],
        "started": progress.started,
        "finished": progress.finished,
        "in_flight": progress.in_flight,
    }


def early_stop_name(options: ConsensusOptions) -> str:
    """The rule in force, with `auto:` before one that was chosen for the request."""
    name = rule_name(options.early_stop)
    return f"auto:{name}" if options.early_stop == "auto" else name


def choice_samples(group: Group, n: int) -> list[tuple[Vote | None, Sample]]:
    """The votes shown as choices, best first, each with its sample; at most `n`."""
    if group.winner is None:
        return []
    votes: list[Vote | None] = [*group.votes] or [None]
    return list(zip(votes, (group.winner, *group.runners_up), strict=True))[:n]


def said_by(
    mode: ContentMode, vote: Vote | None, sample: Sample, consensus: Mapping[str, Any]
) -> tuple[Sample, str | None]:
    """A choice's sample, its content the one of `mode`, and its refusal where there is none.

    That is the sample's own text, the bare answer, or a JSON object with the answer and its
    vote's share of the samples that finished.
    """
    if mode == "sample":
        return sample, None
    if mode == "json":
        finished = consensus["sample_counts"]["finished"]
        told = {
            "answer": vote.answer if vote is not None else None,
            "confidence": consensus["confidence"],
            "agreement": round(vote.count / finished, 4) if vote is not None else 0.0,
            "abstained": consensus["abstained"],
        }
        return replace(sample, content=encode(told).decode()), None
    if vote is not None:
        return replace(sample, content=vote.answer), None
    return replace(sample, content=""), None if sample.tool_calls else NOTHING_READ


def consensus_headers(consensus: Mapping[str, Any], usage: Mapping[str, Any]) -> list[Header]:
    """The response headers of a unary answer; one whose value is null is left out."""
    values = {
        b"x-quorate-confidence": consensus["confidence"],
        b"x-quorate-agreement": consensus["agreement"],
        b"x-quorate-abstained": consensus["abstained"],
        b"x-quorate-cost-usd": usage["cost"],
    }
    return [(k, encode(v)) for k, v in values.items() if v is not None]


def _vote(vote: Vote) -> dict[str, Any]:
    return {
        "answer": vote.answer,
        "count": vote.count,
        "weight": vote.weight,
        "sample_ids": list(vote.sample_ids),
    }


def _sample(sample: Sample) -> dict[str, Any]:
    return {
        "id": sample.index,
        "state": sample.state,
        "content": sample.content,
        "reasoning": sample.reasoning,
        "finish_reason": sample.finish_reason,
        "forced": sample.forced,
        "forced_span": list(sample.forced_span) if sample.forced_span else None,
        "token_ids": list(sample.token_ids),
        "completion_tokens": sample.usage.completion_tokens,
        "seconds": round(sample.seconds, 4),
        "error": str(sample.error) if sample.error else None,
    }
