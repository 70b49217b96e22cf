"""Reading the answers of a group's samples and counting them as they finish."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Literal, TypeAlias

from quorate_sampling.aside import Aside
from quorate_sampling.engine import Sample
from quorate_sampling.reading import Reading
from quorate_sampling.stopping import Standing
from quorate_sampling.stopping.standing import standing_of
from quorate_sampling.verifier import Verifier
from quorate_sampling.votes import Vote
from quorate_sampling.voting import Majority, Voting
from quorate_verifiers import (
    Answer,
    AnswerType,
    Canonical,
    Equivalence,
    Extractor,
    Kind,
    KindTally,
    extractor,
    last_boxed,
    split_reasoning,
)
from quorate_verifiers.stated import stated_confidence

Asked: TypeAlias = AnswerType | Literal["auto"]
"""The answer type a request asks for; `auto` leaves it to the question and the answers."""

INLINE_CHARACTERS = 2_000
"""Longer texts are read in a thread: these take a millisecond or two, JSON the longest."""


@dataclass(slots=True)
class Ballot:
    """The votes of one group. `question` is the prompt's text, for choosing the kind of answer.

    With `auto` the kind follows from the question and all answers so far, and every answer is
    read anew when it changes.
    """

    question: str
    answer_type: Asked
    voting: Voting = field(default_factory=Majority)
    equivalence: Equivalence = field(default_factory=Canonical)
    verify: Verifier | None = None
    aside: Aside = field(default_factory=Aside)
    votes: tuple[Vote, ...] = ()
    readings: dict[int, Reading] = field(default_factory=dict)
    """By the samples' indices, in the order they finished."""
    samples: dict[int, Sample] = field(default_factory=dict)
    time_s: Callable[[], float] = lambda: inf
    """How many seconds reading a sample may take."""
    kind: Kind = field(init=False)
    _tally: KindTally = field(init=False)
    _tallied: set[int] = field(default_factory=set)
    _readers: dict[Kind, Extractor] = field(default_factory=dict)
    _known: dict[Kind, dict[int, Reading]] = field(default_factory=dict)
    """What was read, by the kind it was read as."""
    _classes: Mapping[str, str] = field(default_factory=dict)
    _verified: dict[str, float | None] = field(default_factory=dict)
    """By the answers' own keys."""

    def __post_init__(self) -> None:
        self._tally = KindTally(self.question)
        self.kind = self._tally.kind if self.answer_type == "auto" else self.answer_type.kind

    async def add(self, sample: Sample) -> bool:
        """Count a sample. One that ended in mid-answer counts, but votes for nothing.

        False where it could not be read within `time_s`: then it is not counted, and may be
        added again.
        """
        self.samples[sample.index] = sample
        left = self.time_s()
        try:
            async with asyncio.timeout(left if left < inf else None):
                await self._read_in(sample)
        except TimeoutError:
            del self.samples[sample.index]
            return False
        await self._count()
        return True

    async def add_unread(self, sample: Sample) -> None:
        """Count a sample for which there was no time: its answer is not known."""
        self.samples[sample.index] = sample
        self.readings[sample.index] = _reading_of(sample)
        await self._count()

    async def settle(self) -> None:
        """Ask the relation once more, for what it could not settle when it was asked last."""
        if len(set(self._classes.values())) > 1:
            await self._merge(anew=True)
            self.votes = self.voting.count(tuple(self.readings.values()))

    async def _count(self) -> None:
        await self._merge()
        if self.verify is not None:
            await self._take_verdicts(self.verify)
        self.votes = self.voting.count(tuple(self.readings.values()))

    async def _read_in(self, sample: Sample) -> None:
        """Read the sample, and all others too where it changes their kind; all of it or nothing."""
        kind = self.kind
        wanted = self.answer_type if self.answer_type != "auto" else await self._kind_with(sample)
        unread = [sample] if wanted.kind == kind else list(self.samples.values())
        if self._is_long(unread, wanted):
            readings = await self.aside.run(self._read_all, unread, wanted)
        else:
            readings = self._read_all(unread, wanted)
        if wanted.kind != kind:
            self.kind, self._classes, self._verified = wanted.kind, {}, {}
        self.readings.update(readings)

    async def _kind_with(self, sample: Sample) -> AnswerType:
        if sample.index not in self._tallied:
            self._tallied.add(sample.index)
            if len(sample.content) > INLINE_CHARACTERS:
                await self.aside.run(self._tally.add, _readable(sample))
            else:
                self._tally.add(_readable(sample))
        return AnswerType(self._tally.kind)

    def _is_long(self, samples: Iterable[Sample], wanted: AnswerType) -> bool:
        """Whether reading them would keep others on the event loop waiting."""
        length = sum(len(sample.content) for sample in samples)
        return length > INLINE_CHARACTERS or wanted.kind == "regex"

    def _read_all(self, samples: Iterable[Sample], wanted: AnswerType) -> dict[int, Reading]:
        """Read each sample once as this kind, however often the kind changes."""
        known = self._known.setdefault(wanted.kind, {})
        read = self._reader(wanted)
        for sample in samples:
            if sample.index not in known:
                known[sample.index] = self._reading(sample, read)
        return {sample.index: known[sample.index] for sample in samples}

    def _reader(self, wanted: AnswerType) -> Extractor:
        if wanted.kind not in self._readers:
            self._readers[wanted.kind] = extractor(wanted)
        return self._readers[wanted.kind]

    def _reading(self, sample: Sample, read: Extractor) -> Reading:
        thought, part = split_reasoning(_readable(sample))
        answer = read(part)
        return replace(
            _reading_of(sample),
            answer=answer,
            key=answer.key if answer is not None else None,
            thought=bool(sample.reasoning or thought),
            stated=stated_confidence(part),
        )

    async def _merge(self, *, anew: bool = False) -> None:
        """Put every reading into its class; the relation is asked when a new answer came up."""
        answers: dict[str, Answer] = {}
        for reading in self.readings.values():
            if reading.answer is not None:
                answers.setdefault(reading.answer.key, reading.answer)
        if anew or answers.keys() != self._classes.keys():
            self._classes = await self.equivalence.merge(answers) if len(answers) > 1 else {}
            self._classes = self._classes or {key: key for key in answers}
        for index, reading in self.readings.items():
            if reading.answer is not None:
                key = self._classes[reading.answer.key]
                if key != reading.key:
                    self.readings[index] = replace(reading, key=key)

    async def _take_verdicts(self, verify: Verifier) -> None:
        """Put what the verifier finds into the readings; asked when a new answer came up."""
        for index, reading in self.readings.items():
            answer = reading.answer
            if answer is not None and reading.verified is None:
                if answer.key not in self._verified:
                    self._verified[answer.key] = await verify(answer)
                self.readings[index] = replace(reading, verified=self._verified[answer.key])

    @property
    def finished(self) -> int:
        return len(self.readings)

    @property
    def unparsed(self) -> int:
        return sum(reading.answer is None for reading in self.readings.values())

    @property
    def thoughtful(self) -> int:
        """Answers of samples whose thought was not closed before it began."""
        answered = (self.samples[i] for i, r in self.readings.items() if r.answer is not None)
        return sum(not closed_at_once(sample) for sample in answered)

    @property
    def leading(self) -> int:
        return self.votes[0].count if self.votes else 0

    @property
    def runner_up(self) -> int:
        return max((vote.count for vote in self.votes[1:]), default=0)

    def standing(self, in_flight: int, min_samples: int, max_samples: int) -> Standing:
        """How the votes stand, for a rule to judge.

        The lengths of answers that nothing was thought for say nothing of them, and are left out.
        """
        readings = tuple(self.readings.values())
        if any(closed_at_once(self.samples[reading.index]) for reading in readings):
            readings = tuple([replace(reading, tokens=0) for reading in readings])
        return standing_of(
            self.votes,
            readings,
            in_flight=in_flight,
            min_samples=min_samples,
            max_samples=max_samples,
        )

    def representative(self, vote: Vote) -> Sample:
        """The sample to show for a vote: the first whose thought was not closed for it, if any."""
        whole = [i for i in vote.sample_ids if not self.samples[i].forced]
        return self.samples[(whole or list(vote.sample_ids))[0]]


def answers_wholly(sample: Sample) -> bool:
    """Whether the answer is there to its end: a number cut in two is another number.

    Of a sample that was stopped, or ran into its token limit, only a complete box is sure to be.
    """
    stopped = sample.state == "cut" or sample.finish_reason == "length"
    return not stopped or last_boxed(sample.content) is not None


def closed_at_once(sample: Sample) -> bool:
    """Whether nothing was thought before the sample was made to answer."""
    return sample.forced and not sample.thought_tokens and not sample.reasoning


def _readable(sample: Sample) -> str:
    return sample.content if answers_wholly(sample) else ""


def _reading_of(sample: Sample) -> Reading:
    """What there is to read but for the answer."""
    return Reading(
        index=sample.index,
        answer=None,
        key=None,
        tokens=sample.usage.completion_tokens - sample.probe_tokens,
        forced=sample.forced,
        thought=bool(sample.reasoning),
        scores=sample.scores,
    )
