"""An outcome in the words of the wire contract."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from quorate_sampling.engine import Sample
from quorate_sampling.fields import FieldVote, FieldVotes
from quorate_sampling.group import Progress
from quorate_sampling.labels import LabelScores
from quorate_sampling.votes import Vote
from quorate_server.completion import Shape
from quorate_server.consensus.body import ContentMode
from quorate_server.consensus.options import ConsensusOptions
from quorate_server.consensus.outcome import Outcome, Shown
from quorate_server.encoding import encode
from quorate_server.upstream import Header

NOTHING_READ = "No sample had an answer that could be read."


def consensus_object(outcome: Outcome, options: ConsensusOptions, shape: Shape) -> dict[str, Any]:
    """The response's `consensus`."""
    body: dict[str, Any] = {
        "answer": outcome.shown[0].answer if outcome.shown and not outcome.abstained else None,
        **_sureness(outcome),
        "sample_counts": _counts(outcome),
        "stop_reason": outcome.group.stop_reason,
        "abstained": outcome.abstained,
        "escalated_to": None if outcome.first is None else outcome.model,
        "fields": None if outcome.fields is None else _fields(outcome.fields),
        "review": None if outcome.fields is None else list(outcome.fields.review),
        "assembled": outcome.whole is not None and outcome.whole.assembled,
        "labels": None if outcome.labels is None else _labels(outcome.labels),
        "debug": {
            "lead_stability": round(outcome.group.lead_stability, 4),
            "early_stop": options.rule_name,
            "voting": options.voting.name,
            **outcome.notes,
        },
    }
    if outcome.first is not None:
        body["debug"]["first"] = _first(outcome.first)
    if options.return_samples:
        body["samples"] = [_sample(shape.shown(sample)) for sample in outcome.group.samples]
    return body


def progress_object(progress: Progress) -> dict[str, Any]:
    """`consensus_progress`: the votes so far."""
    return {
        "votes": [{"answer": vote.answer, "count": vote.count} for vote in progress.votes],
        "started": progress.started,
        "finished": progress.finished,
        "in_flight": progress.in_flight,
    }


def choices_of(
    outcome: Outcome, mode: ContentMode, n: int, consensus: Mapping[str, Any]
) -> list[tuple[Sample, str | None]]:
    """What is shown as choices, best first, at most `n`: samples with the content of `mode`, each
    with its refusal where there is none.

    That is the sample's own text, the bare answer, or a JSON object with the answer and its
    vote's share of the samples that finished.
    """
    if outcome.abstained:
        silent = Sample(index=-1, state="finished", finish_reason="stop")
        return [_said(mode, Shown(None, None, silent), outcome, consensus)]
    return [_said(mode, each, outcome, consensus) for each in outcome.shown[:n]]


def _said(
    mode: ContentMode, shown: Shown, outcome: Outcome, consensus: Mapping[str, Any]
) -> tuple[Sample, str | None]:
    sample = shown.sample
    if mode == "json":
        told = {
            "answer": shown.answer,
            "confidence": consensus["confidence"],
            "agreement": _agreement(shown, outcome),
            "abstained": outcome.abstained,
        }
        return replace(sample, content=encode(told).decode()), None
    if outcome.refusal is not None:
        return sample, outcome.refusal
    if mode == "sample":
        return sample, None
    if shown.answer is not None:
        return replace(sample, content=shown.answer), None
    return replace(sample, content=""), None if sample.tool_calls else NOTHING_READ


def _agreement(shown: Shown, outcome: Outcome) -> float:
    """Of one choice; of an abstention, that of the answer which was not sure enough."""
    if outcome.abstained or (outcome.shown and shown is outcome.shown[0]):
        return round(outcome.agreement, 4)
    finished = outcome.group.counts.finished
    return 0.0 if shown.vote is None else round(shown.vote.count / finished, 4)


def consensus_headers(consensus: Mapping[str, Any], usage: Mapping[str, Any]) -> list[Header]:
    """The response headers of a unary answer; one whose value is null is left out."""
    values = {
        b"x-quorate-confidence": consensus["confidence"],
        b"x-quorate-agreement": consensus["agreement"],
        b"x-quorate-abstained": consensus["abstained"],
        b"x-quorate-cost-usd": usage["cost"],
    }
    return [(k, encode(v)) for k, v in values.items() if v is not None]


def _sureness(outcome: Outcome) -> dict[str, Any]:
    """How sure the answer is, and what that rests on."""
    profile, low = outcome.profile, outcome.agreement_low
    return {
        "answer_type": outcome.group.kind,
        "confidence": _rounded(outcome.confidence),
        "confidence_reason": outcome.confidence_reason,
        "calibration": None
        if profile is None
        else {"id": profile.id, "fitted_on": profile.data.labelled},
        "agreement": round(outcome.agreement, 4),
        "agreement_low": _rounded(low),
        "votes": [_vote(vote) for vote in outcome.votes],
    }


def _first(outcome: Outcome) -> dict[str, Any]:
    """What the model said that was asked first."""
    return {
        "model": outcome.model,
        "answer": outcome.shown[0].answer if outcome.shown else None,
        **_sureness(outcome),
        "sample_counts": _counts(outcome),
        "stop_reason": outcome.group.stop_reason,
    }


def _counts(outcome: Outcome) -> dict[str, int]:
    counts = outcome.group.counts
    return {
        "started": counts.started,
        "finished": counts.finished,
        "cancelled": counts.cancelled,
        "failed": counts.failed,
        "unparsed": counts.unparsed,
        "forced": counts.forced,
    }


def _vote(vote: Vote) -> dict[str, Any]:
    told: dict[str, Any] = {
        "answer": vote.answer,
        "count": vote.count,
        "weight": vote.weight,
        "sample_ids": list(vote.sample_ids),
    }
    if vote.interval is not None:
        told["interval"] = list(vote.interval)
    return told


def _fields(votes: FieldVotes) -> dict[str, Any]:
    return {pointer: _field(vote) for pointer, vote in votes.fields.items()}


def _field(vote: FieldVote) -> dict[str, Any]:
    return {
        "value": vote.value,
        "agreement": round(vote.agreement, 4),
        "confidence": _rounded(vote.confidence),
        "missing": vote.missing,
        "votes": [{"answer": each.answer, "count": each.count} for each in vote.votes],
    }


def _labels(scores: LabelScores) -> list[dict[str, Any]]:
    return [
        {
            "label": each.label,
            "score": _rounded(each.score, 6),
            "probability": _rounded(each.probability),
            "count": each.count,
        }
        for each in scores.labels
    ]


def _rounded(value: float | None, places: int = 4) -> float | None:
    return None if value is None else round(value, places)


def _sample(sample: Sample) -> dict[str, Any]:
    return {
        "id": sample.index,
        "state": sample.state,
        "content": sample.content,
        "reasoning": sample.reasoning,
        "finish_reason": sample.finish_reason,
        "forced": sample.forced,
        "forced_by": sample.forced_by,
        "forced_span": list(sample.forced_span) if sample.forced_span else None,
        "token_ids": list(sample.token_ids),
        "completion_tokens": sample.usage.completion_tokens,
        "seconds": round(sample.seconds, 4),
        "error": str(sample.error) if sample.error else None,
    }
