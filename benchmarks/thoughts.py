"""How right an answer is by how much was thought before it, on the bundled reasoner.

    python -m benchmarks.thoughts [--questions 24] [--seconds 240] [--json FILE] [--url URL]

Each question is thought about eight times to the end; every thought is then cut at several points,
its first tokens continued with the closer, and the answer read. At 0 tokens the thought is closed
from the start. The first table has the share of right answers by cut point; the second what votes
of six such samples, each with the same number of tokens to think, are worth: alone, together with
two or six answers that nothing was thought for, and with whole thoughts weighing more than cut
ones. Ties count by the share of the tied answers that is right.
"""

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from rich.console import Console
from rich.table import Table

from benchmarks.cutting import Asker, connected
from benchmarks.figures import wilson, write_json
from benchmarks.real_engine import vllm
from benchmarks.targets import running
from quorate_sampling.engine import Continuation, Draw, SampleStream
from quorate_verifiers import extract
from training.abacus.levels import LEVELS
from training.abacus.problems import Problem, problem

POINTS = (0, 8, 16, 32, 64, 96, 128, 192)
SAMPLES = 8
VOTING = 6
AT_ONCE = 4
MOST_TOKENS = 1500
ANSWER_TOKENS = 64


@dataclass(frozen=True)
class Thought:
    """One thought: its length, the answer behind all of it, and those behind its first tokens.

    `thought` is None where it did not end. `cut` has a point only where the thought is longer.
    """

    thought: int | None
    whole: str | None
    cut: dict[int, str | None]

    def answer(self, tokens: int) -> tuple[str | None, bool]:
        """Its answer with so many tokens to think, and whether it had thought to the end."""
        return (self.cut[tokens], False) if tokens in self.cut else (self.whole, True)


@dataclass(frozen=True)
class Asked:
    """One question."""

    level: int
    right: str | None
    thoughts: tuple[Thought, ...]


@dataclass(frozen=True)
class CutRow:
    """All thoughts that were cut at one point; `whole` is what became of the same ones uncut."""

    tokens: int
    still_thinking: float
    accuracy: float
    low: float
    high: float
    whole: float


@dataclass(frozen=True)
class ShareRow:
    """Cuts by the share of its own thought that was done."""

    share: float
    cuts: int
    accuracy: float


@dataclass(frozen=True)
class VoteRow:
    """Groups with so many tokens to think."""

    tokens: int
    voting: str
    accuracy: float


async def think(asker: Asker, asked: Problem, level: int, number: int) -> Asked:
    """One question, thought about and cut."""
    name = token_hex(6)
    body = {
        "model": "abacus",
        "messages": [{"role": "user", "content": asked.question}],
        "max_tokens": MOST_TOKENS,
    }

    async def thought(index: int) -> Thought:
        seed = number * SAMPLES + index
        draw = Draw(f"thought-{name}-{index}", body, seed=seed)
        ids, content, prompt = await _read(asker.replica.engine.draw(draw))
        ended_at = asker.closing.ended_in(ids)
        points = [point for point in POINTS if ended_at is None or point < ended_at]
        answers = await asyncio.gather(*(cut(index, seed, prompt, ids, point) for point in points))
        return Thought(ended_at, _key(content), dict(zip(points, answers, strict=True)))

    async def cut(
        index: int, seed: int, prompt: Sequence[int], ids: Sequence[int], point: int
    ) -> str | None:
        head = tuple(ids[:point])
        token_ids = (*prompt, *head, *asker.closing.behind(prompt, head))
        resumed = asker.replica.engine.resume(
            Continuation(f"thought-{name}-{index}-{point}", body, token_ids, ANSWER_TOKENS, seed)
        )
        _, content, _ = await _read(resumed)
        return _key(asker.closing.opener + content)

    thoughts = await asyncio.gather(*(thought(index) for index in range(SAMPLES)))
    return Asked(level, _key(str(asked.answer)), tuple(thoughts))


async def _read(stream: SampleStream) -> tuple[list[int], str, Sequence[int]]:
    ids: list[int] = []
    content = ""
    prompt: Sequence[int] = ()
    try:
        async for piece in stream:
            ids += piece.token_ids
            content += piece.content
            prompt = piece.prompt_token_ids or prompt
    finally:
        await stream.aclose()
    return ids, content, prompt


def _key(text: str) -> str | None:
    answer = extract(text, "number")
    return answer.key if answer is not None else None


async def measure(url: str, questions: int, seconds: float) -> list[Asked]:
    """Every question, `questions` a level at most, until the time is over."""
    rng = random.Random("thoughts")
    problems = [(level, problem(level, rng)) for _ in range(questions) for level in LEVELS]
    numbered = iter(enumerate(problems))
    ends_at = time.monotonic() + seconds
    asked: list[Asked] = []

    async def ask_on(asker: Asker) -> None:
        for number, (level, each) in numbered:
            if time.monotonic() >= ends_at:
                return
            asked.append(await think(asker, each, level, number))

    async with connected(url) as asker, asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(ask_on(asker))
    return asked


def cut_rows(asked: Sequence[Asked]) -> list[CutRow]:
    """A row a point."""
    every = [(each.right, thought) for each in asked for thought in each.thoughts]
    rows = []
    for point in POINTS:
        cut = [(right, thought) for right, thought in every if point in thought.cut]
        right = sum(thought.cut[point] == right for right, thought in cut)
        low, high = wilson(right, len(cut))
        rows.append(
            CutRow(
                point,
                len(cut) / len(every),
                right / max(1, len(cut)),
                low,
                high,
                sum(thought.whole == right for right, thought in cut) / max(1, len(cut)),
            )
        )
    return rows


def share_rows(asked: Sequence[Asked]) -> list[ShareRow]:
    """A row a tenth of a thought."""
    by_share: dict[int, list[bool]] = {}
    for each in asked:
        for thought in each.thoughts:
            for point, answer in thought.cut.items():
                if thought.thought:
                    tenth = int(10 * point / thought.thought)
                    by_share.setdefault(tenth, []).append(answer == each.right)
    return [
        ShareRow(tenth / 10, len(right), statistics.fmean(right))
        for tenth, right in sorted(by_share.items())
    ]


Votes = Callable[[list[str | None], list[str | None], list[str | None]], list[str | None]]
"""From the answers of whole thoughts, of cut ones, and without any thought, to votes."""

VOTINGS: dict[str, Votes] = {
    "6 thinking": lambda whole, cut, _: whole + cut,
    "6 thinking + 2 closed": lambda whole, cut, closed: whole + cut + closed[:2],
    "6 thinking + 6 closed": lambda whole, cut, closed: whole + cut + closed[:6],
    "6 thinking, whole ones twice": lambda whole, cut, _: 2 * whole + cut,
    "6 thinking, whole ones alone": lambda whole, cut, _: whole or cut,
    "8 closed": lambda _whole, _cut, closed: closed,
}


def vote_rows(asked: Sequence[Asked]) -> list[VoteRow]:
    """A row a point and voting."""
    rows = []
    for point in POINTS[1:]:
        for name, votes in VOTINGS.items():
            scores = [_score(votes, each, point) for each in asked]
            rows.append(VoteRow(point, name, statistics.fmean(scores)))
    return rows


def _score(votes: Votes, asked: Asked, point: int) -> float:
    answers = [thought.answer(point) for thought in asked.thoughts[:VOTING]]
    closed = [thought.cut.get(0) for thought in asked.thoughts]
    counted = Counter(
        key
        for key in votes(
            [a for a, done in answers if done], [a for a, d in answers if not d], closed
        )
        if key is not None
    )
    most = max(counted.values(), default=0)
    leading = [key for key, count in counted.items() if count == most]
    return (asked.right in leading) / len(leading) if leading else 0.0


def cut_table(rows: Sequence[CutRow]) -> Table:
    shown = Table(title="Answers behind a thought that was cut", title_justify="left")
    for title in ("tokens", "still thinking", "right [95 %]", "the same, uncut"):
        shown.add_column(title, justify="right")
    for row in rows:
        interval = f"{row.accuracy:.3f} [{row.low:.3f}, {row.high:.3f}]"
        shown.add_row(str(row.tokens), f"{row.still_thinking:.2f}", interval, f"{row.whole:.3f}")
    return shown


def share_table(rows: Sequence[ShareRow]) -> Table:
    shown = Table(title="… by the share of the thought that was done", title_justify="left")
    for title in ("share from", "cuts", "right"):
        shown.add_column(title, justify="right")
    for row in rows:
        shown.add_row(f"{row.share:.1f}", str(row.cuts), f"{row.accuracy:.3f}")
    return shown


def vote_table(rows: Sequence[VoteRow]) -> Table:
    shown = Table(title="Votes, by the tokens each may think", title_justify="left")
    shown.add_column("votes")
    for point in POINTS[1:]:
        shown.add_column(str(point), justify="right")
    for name in VOTINGS:
        mine = {row.tokens: row.accuracy for row in rows if row.voting == name}
        shown.add_row(name, *(f"{mine[point]:.3f}" for point in POINTS[1:]))
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.thoughts", description=__doc__)
    parser.add_argument("--questions", type=int, default=24, help="a level, at most")
    parser.add_argument("--seconds", type=float, default=240.0, help="of asking, at most")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--url", help="a running vLLM that serves abacus; else one is started")
    options = parser.parse_args()

    def run(url: str) -> list[Asked]:
        return asyncio.run(measure(url, options.questions, options.seconds))

    if options.url is not None:
        asked = run(options.url)
    else:
        Console(stderr=True).print("starting vLLM …", style="dim")
        with running(vllm()) as engine:
            asked = run(engine.url)
    cuts, shares, votes = cut_rows(asked), share_rows(asked), vote_rows(asked)
    console = Console(width=None if sys.stdout.isatty() else 120)
    for table in (cut_table(cuts), share_table(shares), vote_table(votes)):
        console.print(table)
    write_json(options.json, "thoughts", [*cuts, *shares, *votes], questions=len(asked))


if __name__ == "__main__":
    main()
