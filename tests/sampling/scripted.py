"""An engine that plays samples from a script, at the times the script says."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quorate_sampling.closers import Closing
from quorate_sampling.engine import (
    Abilities,
    Continuation,
    Delta,
    Draw,
    EngineUsage,
    SampleStream,
)
from quorate_sampling.errors import EngineError

END_ID = 2
PROMPT_IDS = (1, 1, 1)
CLOSER_IDS = (9, END_ID)
ABLE = Abilities(token_ids=True, abort_by_id=True, exact_usage=True, stream_interval=True, n=True)
CLOSING = Closing("test", "</t>", "\n</t>\n", "= ")


@dataclass(frozen=True)
class Script:
    """One sample: `thought` tokens, then `answer`, a token every `token_s` seconds.

    `error` is raised after `error_after` tokens. `deaf`: does not end when it is stopped.
    `confidences`: of its tokens, the last one repeats; told in log-probabilities where asked for.
    `unended`: the thought does not end, nothing comes behind it.
    """

    answer: str = "46"
    thought: int = 10
    token_s: float = 0.01
    first_s: float = 0.05
    error: EngineError | None = None
    error_after: int = 0
    deaf: bool = False
    finish_reason: str = "stop"
    confidences: Sequence[float] = (10.0,)
    unended: bool = False


@dataclass
class ScriptedEngine:
    """Plays `scripts` in the order samples are started; the last one repeats.

    Likewise `replies`, in the order samples are probed.
    """

    scripts: Sequence[Script] = (Script(),)
    forced: Script = Script(answer="13", thought=0)
    abilities: Abilities = ABLE
    name: str = "scripted"
    closing: Closing | None = CLOSING
    draws: list[Draw] = field(default_factory=list)
    resumed: list[Continuation] = field(default_factory=list)
    replies: Sequence[Script] = (Script(answer="\\boxed{46}", thought=0),)
    probed: list[Continuation] = field(default_factory=list)
    streams: list["ScriptedStream"] = field(default_factory=list)
    prompts_asked: int = 0
    prompt_ids_: tuple[int, ...] = PROMPT_IDS

    def draw(self, draw: Draw) -> SampleStream:
        script = self.scripts[min(len(self.draws), len(self.scripts) - 1)]
        self.draws.append(draw)
        stream = ScriptedStream(script, draw.stream_interval, PROMPT_IDS)
        stream.alternatives = draw.body.get("top_logprobs")
        return self._stream(stream)

    def resume(self, continuation: Continuation) -> SampleStream:
        if "-probe" in continuation.sample_id:
            reply = self.replies[min(len(self.probed), len(self.replies) - 1)]
            self.probed.append(continuation)
            return self._stream(ScriptedStream(reply, continuation.stream_interval, None))
        self.resumed.append(continuation)
        return self._stream(ScriptedStream(self.forced, continuation.stream_interval, None))

    def _stream(self, stream: "ScriptedStream") -> "ScriptedStream":
        self.streams.append(stream)
        return stream

    async def tokenize(self, text: str) -> tuple[int, ...]:
        return (END_ID,) if text == CLOSING.end_marker else tuple(text.encode())

    async def prompt_ids(self, body: Mapping[str, Any]) -> tuple[int, ...]:
        self.prompts_asked += 1
        return self.prompt_ids_

    @property
    def generated(self) -> int:
        """The engine's own counter of generated tokens."""
        return sum(stream.generated for stream in self.streams)

    @property
    def running(self) -> int:
        """Streams on which tokens would still be generated."""
        return sum(stream.running for stream in self.streams)


class ScriptedStream:
    """Plays one script; ends 20 ms after `stop`, unless it is deaf."""

    def __init__(self, script: Script, interval: int, prompt: tuple[int, ...] | None) -> None:
        self.script = script
        self.interval = interval
        self.prompt = prompt
        self.alternatives: int | None = None
        self.generated = 0
        self.running = False
        self._stopped = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[Delta]:
        script = self.script
        self.running = True
        answer_ids = [END_ID, *(100 + ord(c) for c in script.answer)]
        ids = [50] * script.thought + (answer_ids if script.thought else answer_ids[1:])
        if script.unended:
            ids = ids[: script.thought]
        pending: list[int] = []
        prompt = self.prompt
        said = 0
        if await self._waited(script.first_s):
            yield self._tail(pending, said, "abort", None)
            return
        for position, token in enumerate(ids):
            if script.error is not None and position == script.error_after:
                self.running = False
                raise script.error
            pending.append(token)
            self.generated += 1
            last = position == len(ids) - 1
            if last:
                self.running = False
                yield self._tail(pending, said, script.finish_reason, prompt)
                return
            if position == 0 or len(pending) >= self.interval:
                yield self._piece(pending, prompt)
                said += len(pending)
                pending, prompt = [], None
            if await self._waited(script.token_s):
                yield self._tail(pending, said, "abort", prompt)
                return

    async def _waited(self, seconds: float) -> bool:
        """Wait; whether the stream was stopped meanwhile."""
        if self.script.deaf:
            await asyncio.sleep(seconds)
            return False
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            return False
        await asyncio.sleep(0.02)
        self.running = False
        return True

    def _piece(
        self,
        ids: list[int],
        prompt: tuple[int, ...] | None,
        finish_reason: str | None = None,
        usage: EngineUsage | None = None,
    ) -> Delta:
        thought = "t" * ids.count(50)
        content = "".join(chr(i - 100) for i in ids if i >= 100)
        logprobs = tuple(self._entries(len(ids)))
        return Delta(thought, content, tuple(ids), prompt, logprobs, (), finish_reason, usage)

    def _entries(self, count: int) -> Iterator[dict[str, Any]]:
        if self.alternatives is None:
            return
        confidences = self.script.confidences
        for position in range(self.generated - count, self.generated):
            confidence = confidences[min(position, len(confidences) - 1)]
            alternative = {"token": "t", "logprob": -confidence}
            yield {**alternative, "top_logprobs": [alternative] * self.alternatives}

    def _tail(
        self, ids: list[int], said: int, finish_reason: str, prompt: tuple[int, ...] | None
    ) -> Delta:
        prompt_tokens = len(PROMPT_IDS)
        return self._piece(ids, prompt, finish_reason, EngineUsage(prompt_tokens, self.generated))

    async def stop(self) -> None:
        self._stopped.set()

    async def aclose(self) -> None:
        self.running = False
