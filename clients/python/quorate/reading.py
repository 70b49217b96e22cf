"""A completion read as an Answer."""

import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from quorate.answer import Answer, Cost, FieldAnswer, LabelScore, Number, Tell, Timings, Vote
from quorate.errors import UnreadableAnswer

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion

_INTEGER = re.compile(r"[+-]?[0-9]{1,4000}")
_RATIO = re.compile(r"([+-]?[0-9]{1,4000})/([0-9]{1,4000})")
NO_GROUP = "The server drew no group."
NotRead = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What reading a response raises that is not of the contract's shape."""


def read_answer(
    completion: "ChatCompletion",
    *,
    budget_s: float | None,
    elapsed_s: float,
    tell: Tell | None = None,
) -> Answer:
    """The answer in a completion; of one without `consensus`, the text of its first choice.

    Raises UnreadableAnswer where the response is not what Quorate sends.
    """
    try:
        return _read(completion, budget_s, elapsed_s, tell)
    except NotRead as error:
        raise UnreadableAnswer(f"The response cannot be read as an answer: {error!r}.") from error


def _read(
    completion: "ChatCompletion", budget_s: float | None, elapsed_s: float, tell: Tell | None
) -> Answer:
    extra = completion.model_extra or {}
    consensus = extra.get("consensus")
    if consensus is None:
        consensus = {
            "answer": completion.choices[0].message.content,
            "confidence_reason": NO_GROUP,
        }
    return answer_from(
        consensus,
        timings=timings_from(extra.get("deadline"), budget_s, elapsed_s),
        cost=_cost(completion.usage),
        id=completion.id,
        completion=completion,
        tell=tell,
    )


def answer_from(consensus: Mapping[str, Any], **known: Any) -> Answer:
    """An answer from the response's `consensus` object, and what else is known of it."""
    text, kind = consensus["answer"], consensus.get("answer_type")
    fields, labels = consensus.get("fields"), consensus.get("labels")
    told: dict[str, Any] = {
        "value": None if text is None else value_of(text, kind),
        "text": text,
        "answer_type": kind,
        "confidence": consensus.get("confidence"),
        "confidence_reason": consensus.get("confidence_reason"),
        "agreement": consensus.get("agreement"),
        "agreement_low": consensus.get("agreement_low"),
        "votes": votes_from(consensus.get("votes") or ()),
        "abstained": consensus.get("abstained", False),
        "stop_reason": consensus.get("stop_reason"),
        "fields": None if fields is None else {p: _field(each) for p, each in fields.items()},
        "review": tuple(consensus.get("review") or ()),
        "labels": None if labels is None else tuple(_label(each) for each in labels),
    }
    return Answer(**{**told, **known})


def value_of(text: str, kind: str | None) -> Any:
    """What an answer of that kind means; its text where it means nothing else."""
    if kind in ("number", "math"):
        number = number_of(text)
        return text if number is None else number
    if kind == "json":
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def number_of(text: str) -> Number | None:
    """An exact number, None where the text is none."""
    if _INTEGER.fullmatch(text):
        return int(text)
    ratio = _RATIO.fullmatch(text)
    if ratio and int(ratio[2]):
        return Fraction(int(ratio[1]), int(ratio[2]))
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def votes_from(told: Iterable[Mapping[str, Any]]) -> tuple[Vote, ...]:
    """Votes, leading first. One that is told without a weight weighs its count."""
    return tuple(
        Vote(
            answer=vote["answer"],
            count=vote["count"],
            weight=float(vote.get("weight", vote["count"])),
            sample_ids=tuple(vote.get("sample_ids", ())),
        )
        for vote in told
    )


def timings_from(
    told: Mapping[str, Any] | None, budget_s: float | None, elapsed_s: float
) -> Timings:
    """From the response's `deadline` object and what this side measured."""
    told = told or {}
    return Timings(
        budget_ms=told.get("budget_ms") if budget_s is None else budget_s * 1000,
        client_ms=elapsed_s * 1000,
        server_ms=told.get("elapsed_ms"),
        met=told.get("met") if budget_s is None else elapsed_s <= budget_s,
        forced=told.get("forced", 0),
    )


def _cost(usage: Any) -> Cost:
    if usage is None:
        return Cost()
    details = usage.completion_tokens_details
    extra = usage.model_extra or {}
    cancelled = (getattr(details, "model_extra", None) or {}).get("cancelled_tokens")
    return Cost(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        reasoning_tokens=getattr(details, "reasoning_tokens", None) or 0,
        cancelled_tokens=cancelled or 0,
        usd=extra.get("cost"),
        estimated=bool(extra.get("estimated", False)),
    )


def _field(told: Mapping[str, Any]) -> FieldAnswer:
    return FieldAnswer(
        value=told["value"],
        agreement=told["agreement"],
        confidence=told["confidence"],
        missing=told["missing"],
        votes=votes_from(told["votes"]),
    )


def _label(told: Mapping[str, Any]) -> LabelScore:
    return LabelScore(told["label"], told["score"], told["probability"], told["count"])
