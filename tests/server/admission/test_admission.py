"""The door of one engine, in time that leaps."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate_server.admission.admission import MAX_QUEUE, Admission
from quorate_server.admission.demand import Demand, UnderLoad
from quorate_server.admission.limit import AdaptiveLimit
from quorate_server.admission.ticket import Ticket
from quorate_server.errors import EngineUnavailable, Overloaded
from tests.sampling.virtual_time import VirtualTimeLoop, loop_clock, virtual_time


def door(slots: int, *, max_queue: int = MAX_QUEUE) -> Admission:
    return Admission(AdaptiveLimit(slots), max_queue, clock=loop_clock)


def within(budget_s: float, **kwargs: object) -> Demand:
    """A request with so much time left, that can be answered in 0.1 s and likes to take 1 s."""
    now = loop_clock()
    given = {"least_s": 0.1, "yielding": True, **kwargs}
    return Demand(asked_at=now, end_by=now + budget_s, **given)  # type: ignore[arg-type]


async def hold(admission: Admission, demand: Demand, seconds: float) -> Ticket:
    """Be let in and stay for so long."""
    async with admission.entered(demand) as ticket:
        await asyncio.sleep(seconds)
    return ticket


async def turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


@virtual_time
async def test_while_slots_are_free_nobody_waits() -> None:
    admission = door(2)
    async with admission.entered(within(1.0)) as one, admission.entered(Demand()) as two:
        assert (one.queued_s, two.queued_s) == (0.0, 0.0)
        assert (admission.free, admission.in_flight) == (0, 2)
    assert (admission.free, admission.in_flight) == (2, 0)


@virtual_time
async def test_who_waits_is_let_in_by_deadline_and_those_without_last() -> None:
    admission = door(1)
    order: list[str] = []

    async def ask(name: str, demand: Demand) -> None:
        async with admission.entered(demand):
            order.append(name)
            await asyncio.sleep(0.2)

    async with asyncio.TaskGroup() as tasks, admission.entered(Demand(typical_s=0.2)):
        for name, demand in {
            "patient": Demand(typical_s=0.2),
            "late": within(9.0),
            "soon": within(3.0),
            "later": within(10.0),
            "patient too": Demand(typical_s=0.2),
        }.items():
            tasks.create_task(ask(name, demand))
            await turn()
        assert admission.queued == 5
    assert order == ["soon", "late", "later", "patient", "patient too"]


@virtual_time
async def test_who_has_no_deadline_is_not_overtaken_for_ever() -> None:
    admission = door(1)
    async with asyncio.TaskGroup() as tasks:

        async def hurried() -> None:
            with suppress(Overloaded):
                await hold(admission, within(2.0), 0.3)

        async def crowd() -> None:
            for _ in range(600):
                tasks.create_task(hurried())
                await asyncio.sleep(0.1)

        tasks.create_task(crowd())
        await asyncio.sleep(1.0)
        patient = await hold(admission, Demand(typical_s=0.3), 0.3)
        assert 20 < patient.queued_s < 40


@virtual_time
async def test_who_cannot_make_it_is_refused_as_it_comes() -> None:
    admission = door(1)
    async with admission.entered(within(5.0, typical_s=3.0)):
        asked_at = loop_clock()
        with pytest.raises(Overloaded) as refused:
            await hold(admission, within(1.0), 0.1)
        assert loop_clock() == asked_at
    told = refused.value
    assert told.earliest_ms == pytest.approx(3100, abs=2)
    assert told.retry_after_ms == pytest.approx(2100, abs=2)
    assert "3100 ms" in told.message
    assert admission.counts.refused == {"overloaded": 1}


@virtual_time
async def test_the_budget_it_is_told_would_have_been_enough() -> None:
    admission = door(1)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(admission, within(2.0, typical_s=2.0), 1.9))
        await turn()
        with pytest.raises(Overloaded) as refused:
            await hold(admission, within(0.5, after_s=0.05), 0.1)
        assert refused.value.earliest_ms is not None
        budget_s = refused.value.earliest_ms / 1000 - 0.05
        assert (await hold(admission, within(budget_s), 0.05)).queued_s > 0


@virtual_time
async def test_who_would_make_another_late_that_was_let_wait_is_the_one_refused() -> None:
    admission = door(1)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(admission, within(1.0), 0.9))
        await turn()
        promised = tasks.create_task(hold(admission, within(1.35, least_s=0.3), 0.3))
        await turn()
        with pytest.raises(Overloaded):  # due before it, and there is room for one
            await hold(admission, within(1.3, least_s=0.2), 0.1)
    assert promised.result().queued_s == pytest.approx(0.9)


@virtual_time
async def test_a_promise_is_kept_over_the_limit_when_slots_come_late() -> None:
    admission = door(4)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):  # expected back in 1 s, they stay for 5
            tasks.create_task(hold(admission, Demand(typical_s=1.0), 5.0))
        await turn()
        promised = tasks.create_task(hold(admission, within(2.0), 0.05))
        await turn()
        assert admission.queued == 1
        vain = tasks.create_task(_refused_after(admission, within(2.0)))
    assert promised.result().queued_s == pytest.approx(1.9)
    assert vain.result() == pytest.approx(1.9)
    assert admission.counts.refused == {"waited_in_vain": 1}


async def _refused_after(admission: Admission, demand: Demand) -> float:
    asked_at = loop_clock()
    with pytest.raises(Overloaded) as refused:
        await hold(admission, demand, 0.05)
    assert refused.value.earliest_ms is None  # for all that was foreseen it would be served
    assert refused.value.retry_after_ms > 0
    return loop_clock() - asked_at


@virtual_time
async def test_what_has_passed_is_never_started() -> None:
    admission = door(1)
    with pytest.raises(Overloaded):
        await hold(admission, within(0.05), 0.1)
    assert admission.in_flight == 0


@virtual_time
async def test_a_process_that_was_suspended_does_not_start_what_has_passed() -> None:
    admission = door(1)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(admission, within(1.0), 0.5))
        await turn()
        waiting = [tasks.create_task(_refused_after(admission, within(1.5))) for _ in range(2)]
        await turn()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        loop.now += 10.0
    assert [task.result() for task in waiting] == [pytest.approx(10.0)] * 2
    assert admission.counts.refused == {"waited_in_vain": 2}


@virtual_time
async def test_who_is_let_in_while_others_wait_gets_less_time_and_never_too_little() -> None:
    admission = door(1)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(admission, within(3.0), 0.5))
        await turn()
        waiting = [tasks.create_task(hold(admission, within(3.0), 0.1)) for _ in range(8)]
    first, *_, last = (task.result() for task in waiting)
    assert first.end_by is not None
    assert first.let_in_at is not None
    assert 0.1 <= first.end_by - first.let_in_at < 2.0
    assert last.end_by == last.demand.end_by


@virtual_time
async def test_whose_thinking_cannot_be_cut_keeps_its_time() -> None:
    admission = door(1)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(admission, within(3.0), 0.5))
        await turn()
        whole = tasks.create_task(hold(admission, within(9.0, yielding=False), 0.1))
        tasks.create_task(hold(admission, within(9.5), 0.1))
    assert whole.result().end_by == whole.result().demand.end_by


@virtual_time
async def test_the_queue_is_bounded() -> None:
    admission = door(1, max_queue=2)
    async with asyncio.TaskGroup() as tasks, admission.entered(Demand()):
        for _ in range(2):
            tasks.create_task(hold(admission, Demand(), 0.1))
        await turn()
        with pytest.raises(Overloaded) as refused:
            await hold(admission, Demand(), 0.1)
        assert refused.value.earliest_ms is None
        assert refused.value.retry_after_ms >= 1000
    assert admission.counts.refused == {"queue_full": 1}


@virtual_time
async def test_a_queue_of_no_length_serves_only_who_need_not_wait() -> None:
    admission = door(1, max_queue=0)
    async with admission.entered(Demand()):
        with pytest.raises(Overloaded):
            await hold(admission, within(9.0), 0.1)
    await hold(admission, within(9.0), 0.1)


@virtual_time
async def test_who_needs_several_slots_waits_for_all_and_is_not_overtaken() -> None:
    admission = door(4)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(admission, within(8.0, samples=3), 1.0))
        await turn()
        many = tasks.create_task(hold(admission, within(8.0, samples=4), 0.5))
        await turn()
        one = tasks.create_task(hold(admission, within(9.0), 0.1))
    assert many.result().queued_s == pytest.approx(1.0)
    assert one.result().queued_s == pytest.approx(1.5)


@virtual_time
async def test_who_needs_more_than_there_is_gets_everything() -> None:
    admission = door(4)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(admission, Demand(), 1.0))
        await turn()
        assert (await hold(admission, Demand(samples=100), 0.1)).queued_s == pytest.approx(1.0)


@virtual_time
async def test_samples_beyond_those_it_came_with_hold_slots_too() -> None:
    admission = door(4)
    async with admission.entered(Demand()) as group:
        assert admission.more_for(group) == 4
        for _ in range(3):
            group.began()
        assert (admission.free, admission.more_for(group)) == (1, 1)
        async with admission.entered(Demand()):
            assert admission.more_for(group) == 0
        group.ended()
        assert admission.more_for(group) == 2
    assert admission.in_flight == 0


@virtual_time
async def test_a_group_gets_no_more_samples_while_somebody_waits() -> None:
    admission = door(3)
    async with asyncio.TaskGroup() as tasks, admission.entered(Demand()) as group:
        group.began()
        tasks.create_task(hold(admission, Demand(samples=3), 0.1))
        await turn()
        assert admission.queued == 1
        assert admission.more_for(group) == 0
        group.ended()


@virtual_time
async def test_a_sample_that_ends_lets_the_next_request_in() -> None:
    admission = door(2)
    async with asyncio.TaskGroup() as tasks, admission.entered(Demand()) as group:
        group.began()
        group.began()
        waiting = tasks.create_task(hold(admission, within(5.0), 0.1))
        await asyncio.sleep(0.5)
        group.ended()
        await asyncio.sleep(0.2)
        assert waiting.result().queued_s == pytest.approx(0.5)


@virtual_time
async def test_who_goes_on_to_wait_elsewhere_holds_nothing_meanwhile() -> None:
    admission = door(1)
    async with admission.entered(Demand()) as first:
        first.give_back()
        assert (await hold(admission, Demand(), 0.1)).queued_s == 0.0
    assert (admission.in_flight, admission.free) == (0, 1)


@virtual_time
async def test_relayed_requests_count_but_leave_room_for_who_waits() -> None:
    admission = door(8)
    admission.relay(2)
    assert (admission.free, admission.in_flight) == (6, 2)
    admission.relay(98)
    assert (admission.free, admission.in_flight) == (4, 100)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):
            tasks.create_task(hold(admission, Demand(), 9.0))
        waiting = tasks.create_task(hold(admission, Demand(), 0.1))
        await asyncio.sleep(1.0)
        admission.relay(-100)
    assert waiting.result().queued_s == pytest.approx(1.0)
    assert (admission.free, admission.in_flight) == (8, 0)


@virtual_time
async def test_an_engine_out_of_service_keeps_nobody_waiting() -> None:
    admission = door(1)
    async with admission.entered(Demand()):
        waiting = [asyncio.create_task(hold(admission, Demand(), 1.0)) for _ in range(3)]
        await turn()
        waiting[0].cancel()
        admission.turn_away()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError)
        assert all(isinstance(result, EngineUnavailable) for result in results[1:])
    assert (admission.queued, admission.in_flight) == (0, 0)


@pytest.mark.parametrize("noted_first", [True, False])
@virtual_time
async def test_an_engine_that_goes_down_as_its_time_is_up_lets_nobody_in(noted_first: bool) -> None:
    admission, loop = door(4), asyncio.get_running_loop()
    async with admission.entered(Demand(samples=4, typical_s=0.1)):
        demand = within(1.0, least_s=0.5)
        assert demand.end_by is not None
        if noted_first:
            loop.call_at(demand.start_by, admission.turn_away)
        waiting = asyncio.create_task(hold(admission, demand, 0.1))
        await turn()
        if not noted_first:
            loop.call_at(demand.start_by, admission.turn_away)
        with pytest.raises(EngineUnavailable):
            await waiting
    assert (admission.queued, admission.in_flight) == (0, 0)


@virtual_time
async def test_who_is_cancelled_as_it_is_let_in_gives_its_slot_back() -> None:
    admission = door(1)
    async with asyncio.TaskGroup() as tasks:
        holding = asyncio.Event()

        async def until_told() -> None:
            async with admission.entered(Demand()):
                await holding.wait()

        tasks.create_task(until_told())
        await turn()
        waiting = tasks.create_task(hold(admission, Demand(), 1.0))
        next_one = tasks.create_task(hold(admission, Demand(), 0.1))
        await turn()
        holding.set()
        await asyncio.sleep(0)  # the first has left, and let the second in
        waiting.cancel()
    assert next_one.done()
    assert (admission.queued, admission.in_flight, admission.free) == (0, 0, 1)


@virtual_time
async def test_waits_are_counted() -> None:
    admission = door(1)
    await hold(admission, Demand(), 1.0)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(admission, Demand(), 1.0))
        tasks.create_task(hold(admission, Demand(), 1.0))
    assert sum(admission.counts.waits) == 3
    assert admission.counts.waited_s == pytest.approx(1.0)


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
