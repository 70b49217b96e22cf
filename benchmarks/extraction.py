"""How well answers are read: agreement with recorded correctness labels, and the time it takes.

    python benchmarks/extraction.py --data FOLDER [--json FILE]

FOLDER holds recorded samples: `math100_texts_rm.jsonl` (full texts in `code`, correctness in
`score`, gold `answer`) and files with `all_answers: [[answer, tokens], …]` per question.
"""

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from quorate_verifiers import Kind, canonical, choose_kind, extract

TEXTS = "math100_texts_rm.jsonl"
GROUP = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with recorded samples")
    parser.add_argument("--json", type=Path, help="write the same figures to this file")
    parser.add_argument("--show", action="store_true", help="list what disagrees with its label")
    arguments = parser.parse_args()
    questions = _read(arguments.data / TEXTS)
    figures: dict[str, Any] = {
        "labels": _agreement(questions, show=arguments.show),
        "time": _time(questions),
        "votes": {
            path.stem: _merging(_read(path))
            for path in sorted(arguments.data.glob("*.jsonl"))
            if path.name != TEXTS
        },
    }
    _print(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _agreement(questions: list[dict[str, Any]], *, show: bool) -> dict[str, Any]:
    """Whether "has the gold answer's key" is what the label says, sample by sample."""
    kinds: Counter[str] = Counter()
    agree = total = unparsed = 0
    for question in questions:
        kind = choose_kind(question["question"], question["code"])
        kinds[kind] += 1
        # Read like a sample, so that both have gone the same way.
        gold = extract(f"\\boxed{{{question['answer']}}}", kind)
        for text, label in zip(question["code"], question["score"], strict=True):
            answer = extract(text, kind)
            correct = answer is not None and gold is not None and answer.key == gold.key
            unparsed += answer is None
            agree += correct == label
            total += 1
            if show and correct != label:
                print(f"{kind}: {answer}, gold {gold}, labelled {label}")
    return {"agree": agree, "of": total, "unparsed": unparsed, "kinds": dict(kinds)}


def _time(questions: list[dict[str, Any]]) -> dict[str, float]:
    """CPU milliseconds for a group of `GROUP` samples: median and worst of many."""
    texts = [text for question in questions for text in question["code"]]
    groups = [texts[i : i + GROUP] for i in range(0, len(texts) - GROUP + 1, GROUP)]
    kinds: tuple[Kind, ...] = ("math", "number")
    return {
        f"{kind}_{name}_ms": value
        for kind in kinds
        for name, value in _quantiles([_milliseconds(group, kind) for group in groups * 5]).items()
    }


def _milliseconds(texts: list[str], kind: Kind) -> float:
    start = time.thread_time()
    for text in texts:
        extract(text, kind)
    return 1000 * (time.thread_time() - start)


def _quantiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"median": ordered[len(ordered) // 2], "worst": ordered[-1]}


def _merging(questions: list[dict[str, Any]]) -> dict[str, float]:
    """Distinct answers as recorded and as voted, and how often the leading vote is right."""
    distinct = voted = right_as_written = right_as_voted = 0
    for question in questions:
        answers = Counter(str(a) for a, _ in question["all_answers"] if a not in (None, ""))
        votes: Counter[str] = Counter()
        for answer, count in answers.items():
            votes[canonical(answer)] += count
        distinct += len(answers)
        voted += len(votes)
        gold = str(question["gold_answer"])
        right_as_written += bool(answers) and answers.most_common(1)[0][0] == gold
        right_as_voted += bool(votes) and votes.most_common(1)[0][0] == canonical(gold)
    return {
        "questions": len(questions),
        "distinct_answers": distinct,
        "distinct_votes": voted,
        "majority_right_as_written": right_as_written / len(questions),
        "majority_right_as_voted": right_as_voted / len(questions),
    }


def _print(figures: dict[str, Any]) -> None:
    labels = figures["labels"]
    share = labels["agree"] / labels["of"]
    print(f"agreement with labels  {labels['agree']}/{labels['of']} = {share:.3f}")
    print(f"unparsed               {labels['unparsed']}")
    print(f"kinds chosen           {labels['kinds']}")
    for name, value in figures["time"].items():
        print(f"{GROUP} samples, {name:<16}{value:6.2f}")
    print(f"\n{'recorded':<42}{'answers':>8}{'votes':>7}{'as written':>12}{'as voted':>10}")
    for name, votes in figures["votes"].items():
        print(
            f"{name:<42}{votes['distinct_answers']:>8}{votes['distinct_votes']:>7}"
            f"{votes['majority_right_as_written']:>12.3f}{votes['majority_right_as_voted']:>10.3f}"
        )


if __name__ == "__main__":
    main()
