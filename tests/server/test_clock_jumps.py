"""A process that was suspended: the clock is far past the deadline, the answer may be there."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from quorate_sampling.closers import PreparedClosing
from quorate_sampling.deadline import Deadline
from quorate_sampling.drawing import Prompt
from quorate_server.consensus.answering import answer_by_vote
from quorate_server.consensus.keepalive import Keepalive
from quorate_server.consensus.options import ConsensusOptions
from quorate_server.consensus.relations import Relations
from quorate_server.deadlines import TimeLimit
from quorate_server.encoding import encode
from quorate_server.engines.replica import Replica
from quorate_server.errors import DeadlineExceeded
from quorate_server.gateway.incoming import Incoming
from quorate_server.gateway.reply import Reply
from quorate_server.job import CHAT_PATH, read_job
from quorate_server.lag import LoopLag
from quorate_server.learning.learning import Learning
from quorate_server.tab import Tab
from quorate_server.time_plan import time_plan
from quorate_server.timely import answer_in_time
from quorate_server.work import Work
from tests.sampling.scripted import CLOSER_IDS, END_ID, Script, ScriptedEngine
from tests.sampling.virtual_time import loop_clock, virtual_time
from tests.server.scripted_gateway import NoUpstream, chat, slow

CLOSING = PreparedClosing(CLOSER_IDS, (END_ID,), last_words="", opener="")
BUDGET_S = 2.0


@dataclass
class JumpingClock:
    """The loop's time, and what it jumped."""

    jumped_s: float = 0.0

    def __call__(self) -> float:
        return loop_clock() + self.jumped_s


@dataclass
class Written:
    """What was sent to the client."""

    messages: list[Any] = field(default_factory=list)

    async def __call__(self, message: Any) -> None:
        self.messages.append(message)

    @property
    def text(self) -> str:
        return b"".join(m.get("body", b"") for m in self.messages).decode()


def work_of(engine: ScriptedEngine, clock: JumpingClock, written: Written, **fields: Any) -> Work:
    incoming = Incoming(CHAT_PATH, (), encode(chat(**fields)), 0.0, "r")
    limit = TimeLimit(Deadline(clock(), clock() + BUDGET_S, clock))
    job = replace(read_job(incoming, lambda _: True, None), limit=limit)
    replica = Replica(NoUpstream(), engine, ("abacus",))
    return Work(
        job=job,
        replica=replica,
        engine=engine,
        prompt=Prompt(job.body, "r", closing=CLOSING),
        timetable=time_plan(job, replica.pace, CLOSING, LoopLag()),
        tab=Tab("abacus", "deadline"),
        prices=None,
        reply=Reply(written, "r"),
        clock=clock,
        learning=Learning(),
        relations=Relations(),
        elsewhere=lambda _: pytest.fail("nobody else is asked"),
    )


async def answered(work: Work, options: ConsensusOptions | None) -> None:
    if options is None:
        await answer_in_time(work)
    else:
        alive = Keepalive(work.reply, work.shape(), progress=options.progress)
        await answer_by_vote(work, options, alive)


async def jumped(work: Work, clock: JumpingClock, after_s: float) -> None:
    """Answer, with a jump of ten seconds in the middle."""
    options = work.job.options
    running = asyncio.ensure_future(answered(work, options))
    await asyncio.sleep(after_s)
    clock.jumped_s = 10.0
    await running


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("after_s", [0.001, 0.3])
def test_a_thought_that_a_jump_cut_is_an_error(after_s: float, stream: bool) -> None:
    @virtual_time
    async def scenario() -> None:
        engine, clock, written = ScriptedEngine([slow()]), JumpingClock(), Written()
        work = work_of(engine, clock, written, stream=stream)
        with pytest.raises(DeadlineExceeded):
            await jumped(work, clock, after_s)
        assert '"met":true' not in written.text
        assert engine.running == 0

    scenario()


@virtual_time
async def test_a_thought_that_was_just_being_closed_may_still_be_answered() -> None:
    engine, clock, written = ScriptedEngine([slow()]), JumpingClock(), Written()
    await jumped(work_of(engine, clock, written), clock, 0.99)
    assert '"content":"13"' in written.text
    assert '"met":false' in written.text


@virtual_time
async def test_an_answer_that_is_there_after_a_jump_is_given_and_not_called_timely() -> None:
    engine = ScriptedEngine([Script("46", thought=20, token_s=0.01)])
    clock, written = JumpingClock(), Written()
    await jumped(work_of(engine, clock, written), clock, 0.26)
    assert '"content":"46"' in written.text
    assert '"met":false' in written.text


@pytest.mark.parametrize("after_s", [0.001, 0.3, 0.99])
def test_a_group_that_a_jump_cut_has_a_defined_end_that_is_never_called_timely(
    after_s: float,
) -> None:
    @virtual_time
    async def scenario() -> None:
        engine, clock, written = ScriptedEngine([slow()]), JumpingClock(), Written()
        await jumped(work_of(engine, clock, written, consensus=8), clock, after_s)
        assert '"met":false' in written.text
        assert engine.running == 0

    scenario()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("consensus", [None, 8], ids=["plain", "group"])
def test_an_answer_that_took_too_long_to_encode_is_not_called_timely(
    consensus: int | None, stream: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    @virtual_time
    async def scenario() -> None:
        engine = ScriptedEngine([Script("46", thought=20, token_s=0.01)])
        clock, written = JumpingClock(), Written()

        async def encode_slowly(value: Any, tokens: int) -> bytes:
            clock.jumped_s = 10.0
            return encode(value)

        for module in ("work", "streaming"):
            monkeypatch.setattr(f"quorate_server.{module}.encode_large", encode_slowly)
        work = work_of(engine, clock, written, consensus=consensus, stream=stream)
        options = work.job.options
        await answered(work, options)
        assert written.text.count('"met":false') == 1
        assert '"met":true' not in written.text

    scenario()
