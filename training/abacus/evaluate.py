"""Measures abacus as a server serves it: `python -m training.abacus.evaluate --model DIR`.

With `--base-url` it asks a running server instead of starting vLLM. Three tables are printed: how
often one sample and the majority of 4 and 16 are right at each level, how much an agreement means,
and how accuracy grows with the share of the thought that is allowed before an answer is forced.
"""

import argparse
import asyncio
import json
import logging
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from training.abacus.engine import served
from training.abacus.intervals import Share
from training.abacus.levels import LEVELS
from training.abacus.problems import Problem, problem
from training.abacus.tokenizer import CLOSER, token_ids

SAMPLES = 16
ALLOWED = (0.0, 0.25, 0.5, 0.75, 1.0)
AGREEMENTS = ((0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.01))


@dataclass(frozen=True, slots=True)
class Sample:
    """What one sample thought and answered; the answer is None where there is no box."""

    thought: str
    answer: str | None
    tokens: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its samples, and with its forced answers by share of the thought."""

    problem: Problem
    samples: tuple[Sample, ...]
    forced: dict[float, tuple[str | None, ...]]

    def right(self, answer: str | None) -> bool:
        """Whether an answer is the right integer."""
        return answer == str(self.problem.answer)

    def majority_right(self, size: int) -> float:
        """The share of the disjoint groups of `size` samples whose first leader is right."""
        answers = [sample.answer for sample in self.samples]
        groups = [answers[start : start + size] for start in range(0, len(answers), size)]
        return _mean([self.right(_leader(group)) for group in groups])

    def forced_right(self, share: float) -> float:
        """The share of the answers forced after a part of the thought that are right."""
        return _mean([self.right(answer) for answer in self.forced[share]])


async def ask(client: httpx.AsyncClient, model: str, asked: Problem) -> Asked:
    """Draw all samples of a question, and cut the first thought at each share."""
    reply = await client.post(
        "/chat/completions",
        json={
            "model": model,
            "messages": [{"role": "user", "content": asked.question}],
            "n": SAMPLES,
            "max_tokens": 2048,
            "return_token_ids": True,
        },
    )
    reply.raise_for_status()
    body = reply.json()
    samples = tuple(_sample(choice) for choice in body["choices"])
    cuts: dict[float, tuple[str | None, ...]] = {}
    for share in ALLOWED:
        prompt = body["prompt_token_ids"] + _cut(samples[0].thought, share)
        cuts[share] = await _force(client, model, prompt)
    return Asked(asked, samples, cuts)


async def _force(
    client: httpx.AsyncClient, model: str, prompt: list[int]
) -> tuple[str | None, ...]:
    reply = await client.post(
        "/completions", json={"model": model, "prompt": prompt, "n": 4, "max_tokens": 24}
    )
    reply.raise_for_status()
    return tuple(_boxed("\\boxed{" + choice["text"]) for choice in reply.json()["choices"])


def _cut(thought: str, share: float) -> list[int]:
    """The first part of a thought, ended as a gateway ends it."""
    ids = token_ids(thought)
    return ids[: round(share * len(ids))] + CLOSER


def _sample(choice: dict[str, Any]) -> Sample:
    message = choice["message"]
    thought = (message["reasoning"] or "").strip("\n")
    return Sample(thought, _boxed(message["content"] or ""), len(choice["token_ids"]))


def _boxed(text: str) -> str | None:
    _, opened, rest = text.partition("\\boxed{")
    inside, closed, _ = rest.partition("}")
    return inside if opened and closed else None


def _leader(answers: Sequence[str | None]) -> str | None:
    return Counter(answers).most_common(1)[0][0]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


async def ask_all(base_url: str, model: str, questions: int, seed: int) -> list[Asked]:
    """Ask as many questions of each level, a few at a time."""
    gate = asyncio.Semaphore(16)

    async def ask_one(level: int, number: int) -> Asked:
        drawn = problem(level, random.Random(f"evaluation {seed} {level} {number}"))
        async with gate:
            return await ask(client, model, drawn)

    async with httpx.AsyncClient(base_url=base_url, timeout=1200) as client:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(ask_one(level, number))
                for level in LEVELS
                for number in range(questions)
            ]
        return [task.result() for task in tasks]


def by_level(results: list[Asked]) -> list[dict[str, Any]]:
    """One row a level: accuracy of 1, 4 and 16 samples, mean tokens of a sample."""
    rows = []
    for level in LEVELS.values():
        asked = [one for one in results if one.problem.level == level.number]
        tokens = [float(sample.tokens) for one in asked for sample in one.samples]
        row: dict[str, Any] = {"level": level.number, "name": level.name, "questions": len(asked)}
        for size in (1, 4, 16):
            row[f"majority_{size}"] = asdict(Share.of([one.majority_right(size) for one in asked]))
        row["tokens"] = _mean(tokens)
        for share in ALLOWED:
            right = [one.forced_right(share) for one in asked]
            row[f"allowed_{round(100 * share)}"] = asdict(Share.of(right))
        rows.append(row)
    return rows


def by_agreement(results: list[Asked]) -> list[dict[str, Any]]:
    """One row a range of agreement (votes of the leader of 16, as a share)."""
    rows = []
    for low, high in AGREEMENTS:
        inside = []
        for one in results:
            votes = Counter(sample.answer for sample in one.samples)
            leader, count = votes.most_common(1)[0]
            if low <= count / len(one.samples) < high:
                inside.append(one.right(leader))
        rows.append(
            {"low": low, "high": min(high, 1.0), "questions": len(inside), "right": sum(inside)}
        )
    return rows


def tables(levels: list[dict[str, Any]], agreements: list[dict[str, Any]]) -> Iterator[str]:
    """The result as Markdown, in percent with 95 % intervals."""
    yield "| level | | one sample | majority of 4 | majority of 16 | tokens |"
    yield "|--:|---|--:|--:|--:|--:|"
    for row in levels:
        shares = " | ".join(_percent(row[f"majority_{size}"]) for size in (1, 4, 16))
        yield f"| {row['level']} | {row['name']} | {shares} | {row['tokens']:.0f} |"
    yield "\n| level | 0 % of the thought | 25 % | 50 % | 75 % | 100 % |"
    yield "|--:|--:|--:|--:|--:|--:|"
    for row in levels:
        shares = " | ".join(_percent(row[f"allowed_{round(100 * a)}"]) for a in ALLOWED)
        yield f"| {row['level']} | {shares} |"
    yield "\n| agreement of 16 | questions | leader right |"
    yield "|---|--:|--:|"
    for row in agreements:
        percent = f"{100 * row['right'] / row['questions']:.0f} %" if row["questions"] else "–"
        yield f"| {row['low']:.2f} to {row['high']:.2f} | {row['questions']} | {percent} |"


def _percent(share: dict[str, float]) -> str:
    return f"{100 * share['mean']:.0f} ({100 * share['low']:.0f}–{100 * share['high']:.0f})"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--base-url", help="of a running server, with /v1")
    where.add_argument("--model", type=Path, help="a folder to start vLLM with")
    parser.add_argument("--served-name", default="abacus")
    parser.add_argument("--port", type=int, default=18100)
    parser.add_argument("--questions", type=int, default=100, help="for each level")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    server: AbstractContextManager[str] = nullcontext(arguments.base_url)
    if arguments.model:
        server = served(arguments.model, arguments.served_name, arguments.port)
    with server as base_url:
        results = asyncio.run(
            ask_all(base_url, arguments.served_name, arguments.questions, arguments.seed)
        )
    levels, agreements = by_level(results), by_agreement(results)
    print("\n".join(tables(levels, agreements)))
    if arguments.json:
        arguments.json.write_text(json.dumps({"levels": levels, "agreement": agreements}, indent=1))


if __name__ == "__main__":
    main()
