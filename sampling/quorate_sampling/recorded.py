"""Groups that were drawn before, to replay: one a line of JSON.

    {"id": "…", "model": "…", "question": "…", "expected": "46", "thought": true,
     "samples": [{"answer": "46", "tokens": 812, "seconds": 9.1, "mean_logprob": -0.11, …}, …]}

Only `samples` with `answer` (null or empty where none was parsed) and `tokens` are needed; a line
needs `expected` where it is to be judged. Each sample may say itself whether it is `correct`, which
then counts instead, and by its `key` which others its answer was found equivalent to; without one
that goes by canonical form. `answer_type` is `math` unless the line says otherwise. Lines of the
shape `{"all_answers": [[answer, tokens], …], "gold_answer": …}` are read too.

`thought` says whether the model reasons before it answers. A file that does not say is taken to be
of such a model where its median sample is longer than `THOUGHT_TOKENS`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Annotated, TypeAlias

import msgspec

from quorate_sampling.errors import RecordingUnreadable
from quorate_sampling.reading import Reading, TokenScores
from quorate_verifiers import Kind, whole_answer

THOUGHT_TOKENS = 512
"""Longer than this is hardly anything but a thought: plain chains of steps take some 150."""


@dataclass(frozen=True, slots=True)
class RecordedGroup:
    """One question and what was drawn for it.

    `readings` are in the order they were drawn, `seconds` how long each took (None where it was
    not recorded). `correct` has the keys that are right; None where nobody said.
    """

    id: str
    readings: tuple[Reading, ...]
    correct: frozenset[str] | None = None
    model: str = ""
    question: str = ""
    kind: Kind = "math"
    seconds: tuple[float | None, ...] = ()
    says_thought: bool = False
    """Whether the recording itself says if the model reasons."""


def read_groups(path: Path) -> tuple[RecordedGroup, ...]:
    """The groups of a file, one a line, none for an empty file.

    Raises RecordingUnreadable naming the line at fault, or the file that cannot be opened.
    """
    groups = tuple(_groups(path))
    lengths = [reading.tokens for group in groups for reading in group.readings]
    thought = bool(lengths) and median(lengths) > THOUGHT_TOKENS
    return tuple(group if group.says_thought else _with_thought(group, thought) for group in groups)


def _with_thought(group: RecordedGroup, thought: bool) -> RecordedGroup:
    readings = tuple(replace(reading, thought=thought) for reading in group.readings)
    return replace(group, readings=readings)


def _groups(path: Path) -> Iterator[RecordedGroup]:
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _group(_decoded(line, f"{path.name}, line {number}"), str(number))
    except OSError as error:
        raise RecordingUnreadable(f"{path}: {error.strerror or error}") from error


_Said: TypeAlias = str | int | float | bool | None
_Share: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Tokens: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]


class _Sample(msgspec.Struct, frozen=True):
    answer: _Said
    tokens: _Tokens
    key: str | None = None
    correct: bool | None = None
    seconds: float | None = None
    forced: bool = False
    stated: _Share | None = None
    verified: _Share | None = None
    mean_logprob: float | None = None
    sum_logprob: float | None = None
    self_certainty: float | None = None
    lowest_group: float | None = None
    bottom_tenth: float | None = None
    tail: float | None = None


class _Line(msgspec.Struct, frozen=True):
    samples: tuple[_Sample, ...] | None = None
    all_answers: tuple[tuple[_Said, _Tokens], ...] | None = None
    id: str | int | None = None
    problem_num: str | int | None = None
    model: str = ""
    question: str = ""
    answer_type: Kind = "math"
    expected: _Said = None
    gold_answer: _Said = None
    thought: bool | None = None


def _decoded(line: bytes, where: str) -> _Line:
    try:
        decoded = msgspec.json.decode(line, type=_Line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RecordingUnreadable(f"{where}: {error}") from error
    if decoded.samples is None and decoded.all_answers is None:
        raise RecordingUnreadable(f"{where}: it has neither `samples` nor `all_answers`")
    return decoded


def _group(line: _Line, name: str) -> RecordedGroup:
    samples = line.samples
    if samples is None:
        samples = tuple(_Sample(answer, tokens) for answer, tokens in line.all_answers or ())
    readings = tuple(
        _reading(index, sample, line.answer_type, bool(line.thought))
        for index, sample in enumerate(samples)
    )
    names = (line.id, line.problem_num, name)
    return RecordedGroup(
        id=str(next(each for each in names if each is not None)),
        readings=readings,
        correct=_correct(line, samples, readings),
        model=line.model,
        question=line.question,
        kind=line.answer_type,
        seconds=tuple(sample.seconds for sample in samples),
        says_thought=line.thought is not None,
    )


def _reading(index: int, sample: _Sample, kind: Kind, thought: bool) -> Reading:
    said = "" if sample.answer is None else str(sample.answer)
    answer = whole_answer(said, kind) if said.strip() else None
    return Reading(
        index=index,
        answer=answer,
        key=(sample.key or answer.key) if answer is not None else None,
        tokens=sample.tokens,
        forced=sample.forced,
        thought=thought,
        scores=_scores(sample),
        stated=sample.stated,
        verified=sample.verified,
    )


def _scores(sample: _Sample) -> TokenScores | None:
    mean, total = sample.mean_logprob, sample.sum_logprob
    if mean is None:
        return None
    return TokenScores(
        mean_logprob=mean,
        sum_logprob=mean * sample.tokens if total is None else total,
        self_certainty=sample.self_certainty,
        lowest_group=sample.lowest_group,
        bottom_tenth=sample.bottom_tenth,
        tail=sample.tail,
    )


def _correct(
    line: _Line, samples: Sequence[_Sample], readings: Sequence[Reading]
) -> frozenset[str] | None:
    if any(sample.correct is not None for sample in samples):
        pairs = zip(samples, readings, strict=True)
        return frozenset(r.key for s, r in pairs if s.correct and r.key is not None)
    expected = line.gold_answer if line.expected is None else line.expected
    if expected is None:
        return None
    key = whole_answer(str(expected), line.answer_type).key
    classes = {r.key for r in readings if r.key and r.answer is not None and r.answer.key == key}
    return frozenset({key, *classes})
