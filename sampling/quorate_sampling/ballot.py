"""Reading the answers of a group's samples and counting them as they finish."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from quorate_sampling.engine import Sample
from quorate_sampling.votes import Vote, majority
from quorate_verifiers import Answer, Kind, KindTally, extract, last_boxed

AnswerType: TypeAlias = Kind | Literal["auto"]


@dataclass(slots=True)
class Ballot:
    """The votes of one group. `question` is the prompt's text, for choosing the kind of answer.

    With `auto` the kind follows from the question and all answers so far, and every answer is
    read again when it changes.
    """

    question: str
    answer_type: AnswerType
    votes: tuple[Vote, ...] = ()
    answers: dict[int, Answer | None] = field(default_factory=dict)
    samples: dict[int, Sample] = field(default_factory=dict)
    kind: Kind = field(init=False)
    _tally: KindTally = field(init=False)

    def __post_init__(self) -> None:
        self._tally = KindTally(self.question)
        self.kind = self._fitting_kind()

    def add(self, sample: Sample) -> None:
        """Count a sample. One that ended in mid-answer counts, but votes for nothing."""
        self.samples[sample.index] = sample
        self._tally.add(_readable(sample))
        kind = self._fitting_kind()
        if kind == self.kind:
            self.answers[sample.index] = extract(_readable(sample), kind)
        else:
            self.kind = kind
            self.answers = {i: extract(_readable(s), kind) for i, s in self.samples.items()}
        forced = frozenset(i for i, s in self.samples.items() if s.forced)
        self.votes = majority(self.answers, forced)

    def _fitting_kind(self) -> Kind:
        return self._tally.kind if self.answer_type == "auto" else self.answer_type

    @property
    def finished(self) -> int:
        return len(self.samples)

    @property
    def unparsed(self) -> int:
        return sum(answer is None for answer in self.answers.values())

    @property
    def leading(self) -> int:
        return self.votes[0].count if self.votes else 0

    @property
    def runner_up(self) -> int:
        return self.votes[1].count if len(self.votes) > 1 else 0

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


def _readable(sample: Sample) -> str:
    return sample.content if answers_wholly(sample) else ""
