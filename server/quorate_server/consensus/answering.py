"""Answering by vote: draw the group, then say what it decided."""

from typing import Any

from quorate_sampling.group import Group, draw_group
from quorate_server.consensus.keepalive import Keepalive
from quorate_server.consensus.options import ConsensusOptions
from quorate_server.consensus.planning import plan_group
from quorate_server.consensus.wire import (
    NOTHING_FINISHED,
    choice_samples,
    consensus_headers,
    consensus_object,
    content_of,
)
from quorate_server.encoding import encode_large
from quorate_server.errors import DeadlineExceeded
from quorate_server.streaming import sample_chunks, send_end, send_event
from quorate_server.work import Work


async def answer_by_vote(work: Work, options: ConsensusOptions) -> None:
    """Draw a group and write its response, streamed or whole."""
    if work.job.stream:
        await _stream(work, options)
        return
    group = await _draw(work, options, None)
    consensus = consensus_object(group, options)
    usage = work.usage()
    body = work.shape().whole(
        _choices(work, options, group, consensus),
        usage=usage,
        consensus=consensus,
        **work.deadline_object(forced=group.counts.forced),
    )
    await work.reply.whole(
        200,
        await encode_large(body, _carried_tokens(group, options)),
        content_type=b"application/json",
        extra=consensus_headers(consensus, usage),
    )


async def _stream(work: Work, options: ConsensusOptions) -> None:
    shape = work.shape()
    async with Keepalive(work.reply, shape, progress=options.progress) as keepalive:
        group = await _draw(work, options, keepalive)
    consensus = consensus_object(group, options)
    usage = work.usage()
    if not work.reply.started:
        await work.reply.start_stream()
    extra: dict[str, Any] = {
        "consensus": consensus,
        **work.deadline_object(forced=group.counts.forced),
    }
    shown = choice_samples(group, work.job.n)
    for index, (vote, sample) in enumerate(shown):
        opening = shape.opening(index)
        if options.content != "sample":
            opening["delta"]["content"] = content_of(options.content, vote, sample, consensus)
        await send_event(work.reply, shape.chunk([opening], **extra))
        extra = {}
        if options.content == "sample":
            for delta in sample_chunks(sample):
                await send_event(work.reply, shape.chunk([shape.delta(index, delta)]))
    if not shown:
        refusal = {"role": "assistant", "content": None, "refusal": NOTHING_FINISHED}
        opening = {**shape.opening(0), "delta": refusal}
        await send_event(work.reply, shape.chunk([opening], **extra))
    endings = [shape.ending(i, sample.finish_reason) for i, (_, sample) in enumerate(shown)]
    await send_end(work.reply, shape, endings or [shape.ending(0, "stop")], usage, work.job)


async def _draw(work: Work, options: ConsensusOptions, keepalive: Keepalive | None) -> Group:
    group = await draw_group(
        work.engine,
        work.prompt,
        plan_group(options, work.job.limit, work.pace, work.job.n),
        question=work.job.question,
        pace=work.pace,
        clock=work.clock,
        timetable=work.timetable,
        observe=keepalive.observe if keepalive is not None else None,
        on_end=work.tab.add,
    )
    limit = work.job.limit
    if group.winner is None and limit is not None and limit.on_miss == "error":
        raise DeadlineExceeded(NOTHING_FINISHED, param="deadline")
    return group


def _choices(
    work: Work, options: ConsensusOptions, group: Group, consensus: dict[str, Any]
) -> list[dict[str, Any]]:
    shape = work.shape()
    shown = choice_samples(group, work.job.n)
    if not shown:
        return [shape.abstention(NOTHING_FINISHED)]
    return [
        shape.choice(index, sample, content_of(options.content, vote, sample, consensus))
        for index, (vote, sample) in enumerate(shown)
    ]


def _carried_tokens(group: Group, options: ConsensusOptions) -> int:
    carried = group.samples if options.return_samples else (group.winner,)
    return sum(len(sample.token_ids) for sample in carried if sample is not None)
