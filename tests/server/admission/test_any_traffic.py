"""Whatever comes and goes, in any order: nothing is lost at the door of an engine."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from quorate_server.admission.demand import Demand, UnderLoad
from quorate_server.errors import Overloaded
from tests.sampling.virtual_time import VirtualTimeLoop, loop_clock
from tests.server.admission.door import door, turn, within

requests = st.lists(
    st.tuples(
        st.floats(0, 0.5),  # after the one before it
        st.none() | st.floats(0.01, 4.0),  # its budget
        st.integers(1, 7),  # its samples
        st.floats(0, 2.0),  # how long it stays
        st.none() | st.floats(0, 3.0),  # when its client leaves
        st.integers(-3, 3),  # samples it runs beyond those
        st.none() | st.sampled_from(["shorten", "triage", "refuse"]),  # if its thinking can be cut
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=150)
@given(st.integers(1, 6), st.integers(0, 5), requests)
def test_whatever_comes_and_goes_no_slot_is_lost_and_the_queue_keeps_its_bound(
    slots: int,
    max_queue: int,
    asked: list[tuple[float, float | None, int, float, float | None, int, UnderLoad | None]],
) -> None:
    async def play() -> None:
        admission = door(slots, max_queue=max_queue)
        over = slots // 4
        promised = 0

        async def one(
            budget_s: float | None,
            samples: int,
            stay_s: float,
            more: int,
            under_load: UnderLoad | None,
        ) -> None:
            nonlocal promised
            cut = {"yielding": under_load is not None, "under_load": under_load or "shorten"}
            demand = (
                Demand(samples, typical_s=0.5)
                if budget_s is None
                else within(budget_s, samples=samples, typical_s=0.5, **cut)
            )
            with suppress(Overloaded):
                async with admission.entered(demand) as ticket:
                    # Let in within the limit, or a little over it where it was promised.
                    promised += min(samples, slots)  # all there are is enough for any
                    assert promised <= slots + over
                    assert ticket.end_by is None or ticket.end_by <= (demand.end_by or 0.0)
                    assert not demand.hopeless(loop_clock())
                    running = max(0, samples + more)
                    for _ in range(running):
                        ticket.began()
                    try:
                        await asyncio.sleep(stay_s)
                    finally:
                        for _ in range(running):
                            ticket.ended()
                        promised -= min(samples, slots)

        async def leaving(client: Awaitable[None], after_s: float | None) -> None:
            with suppress(TimeoutError):
                async with asyncio.timeout(after_s):
                    await client

        async with asyncio.TaskGroup() as tasks:
            for wait_s, budget_s, samples, stay_s, leave_s, more, under_load in asked:
                await asyncio.sleep(wait_s)
                client = one(budget_s, samples, stay_s, more, under_load)
                tasks.create_task(leaving(client, leave_s))
                await turn()
                assert admission.queued <= max_queue
        assert (admission.queued, admission.in_flight, admission.free) == (0, 0, slots)

    _run(play)


def _run(play: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await play()

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(main())
