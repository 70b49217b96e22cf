"""All that was drawn for one sample, and the sample that came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from quorate_sampling.alternatives import placed_entries
from quorate_sampling.closers import PreparedClosing
from quorate_sampling.engine import EngineUsage, ForcedBy, Sample, SampleState
from quorate_sampling.errors import EngineError
from quorate_sampling.forcing import Resumption
from quorate_sampling.scores import ScoreTrack
from quorate_sampling.transcript import Mark, Transcript


class ThoughtEnd(NamedTuple):
    """How a thought ended: who forced it, with which of the sample's tokens, behind how many."""

    forced_by: ForcedBy | None = None
    span: tuple[int, int] | None = None
    thought_tokens: int | None = None


@dataclass(slots=True, eq=False)
class Record:
    """One sample's streams: its thought, what answered it, and what was asked beside it.

    `closing` is what the thought was closed with, in the tokens of `closer`; None where it had
    ended by itself. `kept` is how much of the thought is part of the sample, None for all of it;
    the rest is billed. `settled`: the answer is a reply, asked for there. `scores` are of every
    token but replies'. `shows_logprobs`: the client asked for log-probabilities.

    `ways` is how thoughts of this model are closed, None where that is not known; `budget` the
    longest that the engine was to allow.
    """

    thought: Transcript = field(default_factory=Transcript)
    answer: Transcript | None = None
    closing: PreparedClosing | None = None
    closer: tuple[int, ...] = ()
    kept: Mark | None = None
    settled: bool = False
    shows_logprobs: bool = False
    ways: PreparedClosing | None = None
    budget: int | None = None
    replies: list[Transcript] = field(default_factory=list)
    scores: ScoreTrack = field(default_factory=ScoreTrack)

    @property
    def last(self) -> Transcript:
        """The stream that the answer is in, or would be."""
        return self.answer or self.thought

    def settle(
        self,
        at: Mark,
        reply: Transcript,
        closing: PreparedClosing | None,
        closer: tuple[int, ...],
    ) -> None:
        """Take a reply for the answer; it was asked for at `at`, behind the `closer`."""
        self.settled, self.kept, self.answer = True, at, reply
        self.closing, self.closer = closing, closer

    def resume(self, on: Resumption) -> Transcript:
        """The transcript that the sample goes on with."""
        self.closing, self.closer, self.kept = on.closing, on.closer, on.kept
        opener = self.thought.content if on.closing is None else on.closing.opener
        self.answer = Transcript(opener=opener)
        return self.answer

    @property
    def placed(self) -> tuple[Mapping[str, Any], ...]:
        """The closer among the log-probabilities: see `placed_entries`."""
        return placed_entries(self.closer) if self.shows_logprobs else ()

    def open(self, closing: PreparedClosing, prompt: tuple[int, ...]) -> bool:
        """Whether the thought has not ended, as far as is known."""
        return not (
            self.thought.answering
            or closing.closes(prompt)
            or closing.ended_in(self.thought.token_ids) is not None
        )

    def sample(
        self,
        index: int,
        state: SampleState,
        *,
        cut_short: bool,
        seconds: float,
        error: EngineError | None,
        prompt: tuple[int, ...],
        unseen: int,
    ) -> Sample:
        """The sample as far as it came. `prompt` and `unseen` bound a bill that is not reported."""
        thought = self.thought if self.kept is None else self.thought.thought_until(self.kept)
        answer = self.answer or Transcript()
        end = self._end_of(thought, prompt)
        return Sample(
            index=index,
            state=state,
            reasoning="\n".join(part for part in self._reasoning(thought, answer) if part),
            content=self._content(),
            token_ids=(*thought.token_ids, *self.closer, *answer.token_ids),
            logprobs=(*thought.logprobs, *self.placed, *answer.logprobs),
            tool_calls=tuple(thought.tool_calls),
            finish_reason=self.last.finish_reason if self.last.ended_by_itself else "length",
            usage=self._usage(len(prompt), unseen),
            seconds=seconds,
            error=error,
            scores=self.scores.scores(),
            cut_short=cut_short,
            probe_tokens=sum(
                reply.bill(0, unseen).completion_tokens
                for reply in self.replies
                if reply is not self.answer
            ),
            forced_by=end.forced_by,
            forced_span=end.span,
            thought_tokens=end.thought_tokens,
        )

    def _end_of(self, thought: Transcript, prompt: tuple[int, ...]) -> ThoughtEnd:
        drawn, ways = len(thought.token_ids), self.ways
        if self.closing is not None and self.closing.text is not None:
            return ThoughtEnd("text")
        if self.closing is not None:
            return ThoughtEnd("ids", (drawn, drawn + len(self.closer)), drawn)
        if ways is None or not drawn:
            return ThoughtEnd()
        if self.budget is not None:
            span = ways.budget_span(prompt, thought.token_ids, self.budget)
            if span is not None:
                return ThoughtEnd("engine", span, span[0])
        ended_at = ways.ended_in(thought.token_ids)
        never_begun = thought.answering or ways.closes(prompt)
        return ThoughtEnd(
            thought_tokens=(0 if never_begun else drawn) if ended_at is None else ended_at
        )

    def _reasoning(self, thought: Transcript, answer: Transcript) -> tuple[str, ...]:
        cut = self.closing is not None and (thought.token_ids or thought.reasoning)
        words = self.closing.last_words if cut and self.closing is not None else ""
        return (thought.reasoning, words, answer.reasoning)

    def _content(self) -> str:
        """An opener that nothing came of is no answer."""
        return "" if self.closing is not None and not self.last.answering else self.last.content

    def _usage(self, prompt_tokens: int, unseen: int) -> EngineUsage:
        """Everything that was generated, each request's report once."""
        usage = self.thought.bill(prompt_tokens, unseen)
        if self.answer is not None and not self.settled:
            usage = usage.followed_by(self.answer.bill(prompt_tokens, unseen))
        for reply in self.replies:
            usage = usage.followed_by(reply.bill(prompt_tokens, unseen))
        if not self.thought.asked_for and usage.prompt_tokens and prompt_tokens:
            usage = replace(usage, prompt_tokens=prompt_tokens)  # a closer is none of the client's
        return usage
