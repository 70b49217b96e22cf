"""Answering by vote: have the group decided, then say what it decided."""

from functools import partial
from typing import Any

from quorate_server.consensus.deciding import Decision, decide
from quorate_server.consensus.keepalive import Keepalive
from quorate_server.consensus.options import ConsensusOptions
from quorate_server.consensus.wire import choices_of, consensus_headers, consensus_object
from quorate_server.encoding import carried_tokens
from quorate_server.ledger import together
from quorate_server.streaming import sample_chunks, send_encoded, send_end, send_event
from quorate_server.tab import wire_usage
from quorate_server.work import Work


async def answer_by_vote(work: Work, options: ConsensusOptions, alive: Keepalive) -> None:
    """Draw a group and write its response, streamed or whole.

    `alive` keeps the stream alive until then; it is closed before the first event is sent.
    """
    if work.job.stream:
        await _stream(work, options, alive)
        return
    decision = await decide(work, options, None)
    work.drawn()
    shape = work.shape()
    consensus = consensus_object(decision.outcome, options, shape)
    usage = wire_usage(together(decision.bills), work.prices)
    choices = choices_of(decision.outcome, options.content, work.job.n, consensus)

    def body() -> dict[str, Any]:
        return shape.whole(
            [
                shape.choice(index, sample, refusal=refusal)
                for index, (sample, refusal) in enumerate(choices)
            ],
            usage=usage,
            consensus=consensus,
            **_deadline(work, decision),
        )

    await work.reply.whole(
        200,
        await work.encoded(body, _tokens(work, options, decision)),
        content_type=b"application/json",
        extra=consensus_headers(consensus, usage),
    )


async def _stream(work: Work, options: ConsensusOptions, alive: Keepalive) -> None:
    shape = work.shape()
    decision = await decide(work, options, alive.observe)
    work.drawn()
    await alive.aclose()
    consensus = consensus_object(decision.outcome, options, shape)
    usage = wire_usage(together(decision.bills), work.prices)
    if not work.reply.started:
        await work.reply.start_stream()

    def first(opening: dict[str, Any]) -> dict[str, Any]:
        return shape.chunk([opening], consensus=consensus, **_deadline(work, decision))

    choices = choices_of(decision.outcome, options.content, work.job.n, consensus)
    for index, (sample, refusal) in enumerate(choices):
        opening = shape.opening(index)
        if refusal is not None:
            opening["delta"] = {"role": "assistant", "content": None, "refusal": refusal}
        if index == 0:
            tokens = _tokens(work, options, decision)
            await send_encoded(work.reply, await work.encoded(partial(first, opening), tokens))
        else:
            await send_event(work.reply, shape.chunk([opening]))
        for delta in sample_chunks(shape.shown(sample)):
            await send_event(work.reply, shape.chunk([shape.delta(index, delta)]))
    endings = [shape.ending(i, sample.finish_reason) for i, (sample, _) in enumerate(choices)]
    await send_end(work.reply, shape, endings, usage, work.job)


def _deadline(work: Work, decision: Decision) -> dict[str, Any]:
    group = decision.outcome.group
    missed = group.counts.cancelled if group.stop_reason == "deadline" else 0
    return work.deadline_object(forced=group.counts.forced, missed=missed)


def _tokens(work: Work, options: ConsensusOptions, decision: Decision) -> int:
    """About how many tokens the response carries."""
    outcome = decision.outcome
    returned = carried_tokens(outcome.group.samples) if options.return_samples else 0
    shown = carried_tokens(each.sample for each in outcome.shown[: work.job.n])
    answers = sum(len(vote.answer) for vote in outcome.votes)
    return returned + shown + answers // 4
