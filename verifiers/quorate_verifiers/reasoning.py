"""Telling a model's reasoning from its answer in text that still carries both.

Engines with a reasoning parser split it themselves; this is for text that came through without:
an upstream with no parser, a recorded completion, a thought that leaked into the content.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ThoughtMarkers:
    """The words with which a model family opens and closes its thought."""

    opening: str
    closing: str


MARKERS: tuple[ThoughtMarkers, ...] = (
    ThoughtMarkers("<think>", "</think>"),  # DeepSeek-R1, QwQ, Qwen3 and most others
    ThoughtMarkers("<thought>", "</thought>"),  # EXAONE Deep
    ThoughtMarkers("<|begin_of_thought|>", "<|end_of_thought|>"),  # Sky-T1
    ThoughtMarkers("[THINK]", "[/THINK]"),  # Magistral
    ThoughtMarkers("<seed:think>", "</seed:think>"),  # Seed-OSS
)

_HARMONY_CHANNEL = "<|channel|>"
_HARMONY_FINAL = re.compile(r"<\|channel\|>final(?:(?!<\|message).){0,40}<\|message\|>")
_HARMONY_MARKUP = re.compile(
    r"<\|start\|>assistant|<\|channel\|>\w+|<\|(?:start|end|return|call|message|constrain)\|>"
)
_HARMONY_STOP = re.compile(r"<\|(?:return|end|call|start)\|>")
_HARMONY_BARE_FINAL = "assistantfinal"
_SOLUTION_MARKUP = re.compile(r"<\|(?:begin|end)_of_solution\|>")


def split_reasoning(text: str) -> tuple[str, str]:
    """`(reasoning, answer part)` of one completion, both trimmed.

    - The answer part is what follows the last end of thought, whether the opening tag is there or
      was prefilled by the chat template (DeepSeek-R1). A model that closes its thought twice has
      thought twice.
    - A thought that was never closed leaves the answer part empty.
    - gpt-oss: the answer part is the last message of channel `final`, with the markup or with the
      markup's special tokens skipped (`analysis…assistantfinal…`).
    - Text without any of these markers is all answer.
    """
    if _HARMONY_CHANNEL in text:
        return _split_harmony(text)
    if text.startswith("analysis") and _HARMONY_BARE_FINAL in text:
        thought, _, answer = text.rpartition(_HARMONY_BARE_FINAL)
        return thought.removeprefix("analysis").strip(), answer.strip()
    for markers in MARKERS:
        if markers.closing in text or markers.opening in text:
            return _split_marked(text, markers)
    return "", text.strip()


def _split_marked(text: str, markers: ThoughtMarkers) -> tuple[str, str]:
    thought, closed, rest = text.rpartition(markers.closing)
    answer, reopened, unfinished = rest.partition(markers.opening)
    if not closed:  # nothing was closed: whatever stands before the thought is no answer to it
        answer, unfinished = "", answer + unfinished
    reasoning = (thought + unfinished if reopened else thought).replace(markers.opening, "")
    answer = _SOLUTION_MARKUP.sub("", answer)
    return reasoning.replace(markers.closing, "").strip(), answer.strip()


def _split_harmony(text: str) -> tuple[str, str]:
    finals = list(_HARMONY_FINAL.finditer(text))
    if not finals:
        return _HARMONY_MARKUP.sub("", text).strip(), ""
    last = finals[-1]
    stop = _HARMONY_STOP.search(text, last.end())
    answer = text[last.end() : stop.start() if stop else len(text)]
    return _HARMONY_MARKUP.sub("", text[: last.start()]).strip(), answer.strip()
