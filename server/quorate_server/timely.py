"""A plain completion within a deadline: what has been thought by then is turned into an answer."""

import asyncio
from contextlib import suppress
from typing import Any

from quorate_sampling.choices import draw_each
from quorate_sampling.engine import Delta, Sample
from quorate_server.completion import Shape
from quorate_server.encoding import carried_tokens
from quorate_server.errors import DeadlineExceeded
from quorate_server.streaming import send_end, send_event
from quorate_server.work import Work

NO_ANSWER_YET = "The model was still thinking when the time was up, and could not be cut short."
LOST = "The engine failed while it drew this choice."


async def answer_in_time(work: Work) -> None:
    """Draw the request's choices, each ended in time, and write the response."""
    if work.job.stream:
        await _stream(work)
        return
    samples = await _draw(work, None)
    shape = work.shape()

    def body() -> dict[str, Any]:
        return shape.whole(
            [_choice(shape, sample) for sample in samples],
            usage=work.usage(),
            **_deadline(work, samples),
        )

    encoded = await work.encoded(body, carried_tokens(samples))
    await work.reply.whole(200, encoded, content_type=b"application/json", extra=[])


async def _stream(work: Work) -> None:
    pieces: asyncio.Queue[tuple[int, Delta]] = asyncio.Queue()
    drawing = asyncio.create_task(_draw(work, pieces), name="timely-stream")
    try:
        await _pass_on(work, pieces, drawing)
        samples = await drawing
    finally:
        drawing.cancel()
        with suppress(asyncio.CancelledError):
            await drawing
    shape = work.shape()
    await send_end(
        work.reply,
        shape,
        [_ending(shape, sample) for sample in samples],
        work.usage(),
        work.job,
        **_deadline(work, samples),
    )


async def _pass_on(
    work: Work, pieces: asyncio.Queue[tuple[int, Delta]], drawing: asyncio.Task[tuple[Sample, ...]]
) -> None:
    """Send pieces as they come until the drawing is done and none is left."""
    shape = work.shape()
    opened: set[int] = set()
    drawing.add_done_callback(lambda _: pieces.put_nowait((-1, Delta())))
    while True:
        index, delta = await pieces.get()
        if index < 0:
            break
        if index not in opened:
            opened.add(index)
            if not work.reply.started:
                await work.reply.start_stream()
            await send_event(work.reply, shape.chunk([shape.opening(index)]))
        if delta.reasoning or delta.content or delta.tool_calls or delta.logprobs:
            await send_event(work.reply, shape.chunk([shape.delta(index, delta)]))
    drawing.result()  # raises what went wrong, before a stream is begun for nothing
    if not work.reply.started:
        await work.reply.start_stream()


async def _draw(work: Work, pieces: asyncio.Queue[tuple[int, Delta]] | None) -> tuple[Sample, ...]:
    """The choices; one that its engine lost is among them if another one of a chat is whole.

    Raises EngineError and DeadlineExceeded where there is nothing to tell.
    """

    def pass_on(index: int, delta: Delta) -> None:
        if pieces is not None:
            pieces.put_nowait((index, delta))

    samples = await draw_each(
        work.engine,
        work.prompt,
        work.job.n,
        pace=work.pace,
        clock=work.clock,
        timetable=work.timetable,
        free_slots=work.free_slots,
        on_delta=pass_on if pieces is not None else None,
        on_end=work.tab.add,
        on_plan=work.courses.append,
    )
    work.drawn()
    work.plan_told()
    limit = work.job.limit
    lost = [sample.error for sample in samples if sample.error is not None]
    strict = limit is not None and limit.on_miss == "error"
    told = work.job.chat and not strict and any(s.state == "finished" for s in samples)
    if lost and not told:
        raise lost[0]
    missed = _missed(samples)
    empty = all(not (sample.reasoning or sample.content) for sample in missed)
    late = limit is not None and limit.deadline.remaining_s() < 0
    if missed and (empty or late or strict):
        raise DeadlineExceeded("The model had not answered by the deadline.", param="deadline")
    return samples


def _choice(shape: Shape, sample: Sample) -> dict[str, Any]:
    """A sample as a choice; one that never got to its answer says so instead of an empty one."""
    unanswered = sample.state == "cancelled" and not sample.content and shape.chat
    refusal = LOST if sample.state == "failed" else NO_ANSWER_YET if unanswered else None
    return shape.choice(sample.index, sample, refusal=refusal)


def _ending(shape: Shape, sample: Sample) -> dict[str, Any]:
    refusal = LOST if sample.state == "failed" else None
    return shape.ending(sample.index, sample.finish_reason, refusal)


def _missed(samples: tuple[Sample, ...]) -> list[Sample]:
    return [sample for sample in samples if sample.state not in ("finished", "failed")]


def _deadline(work: Work, samples: tuple[Sample, ...]) -> dict[str, Any]:
    forced = sum(sample.forced for sample in samples)
    return work.deadline_object(forced=forced, missed=len(_missed(samples)))
