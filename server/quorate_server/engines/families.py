"""Which family a model belongs to: how its reasoning is parsed, and how it is closed.

A new family is one entry of `FAMILIES`. Parsers are named as vLLM 0.32 registers them
(`vllm/reasoning/__init__.py`); closers come from the families' chat templates, Qwen3's from its
authors' description of thinking budgets.
"""

import re
from dataclasses import dataclass, replace

from quorate_sampling.closers import Closing, CutThoughts
from quorate_sampling.turns import Textually
from quorate_server.engines.model_card import ModelCard
from quorate_server.errors import StartupError

_THINK = "<think>"
_THINK_END = "</think>"
_FINAL_ANSWER = "**Final Answer**\n\\boxed{"


@dataclass(frozen=True, slots=True)
class Family:
    """Models that think alike.

    `names` finds them by name, `not_names` says which of that name do not think; where no name is
    known, `model_type` and `template` find them by their files (each that is given has to match).
    All are regular expressions. `parser` is None where vLLM has none: thoughts then arrive as
    content.
    """

    name: str
    parser: str | None
    closing: Closing | None
    names: str | None = None
    not_names: str | None = None
    model_type: str | None = None
    template: str | None = None

    def is_named_in(self, card: ModelCard) -> bool:
        return _found(self.names, card.name)

    def thinks(self, card: ModelCard) -> bool:
        return not _found(self.not_names, card.name)

    def is_seen_in(self, card: ModelCard) -> bool:
        signs = [(self.model_type, card.model_type), (self.template, card.chat_template)]
        given = [_found(pattern, text) for pattern, text in signs if pattern is not None]
        return bool(given) and all(given)


def _found(pattern: str | None, text: str | None) -> bool:
    return bool(pattern and text and re.search(pattern, text, re.IGNORECASE))


def _left_out(start: str, end: str) -> str:
    return f"{start}\n\n{end}\n\n" if start else ""


def _think(
    family: str,
    *,
    words: str = "",
    boxed_opener: str = _FINAL_ANSWER,
    textually: Textually = "bare_prefix",
    cut_thoughts: CutThoughts = "useful",
) -> Closing:
    return Closing(
        family,
        _THINK_END,
        f"{words}\n{_THINK_END}\n\n",
        boxed_opener,
        last_words=words,
        start_marker=_THINK,
        skipped=_left_out(_THINK, _THINK_END),
        textually=textually,
        cut_thoughts=cut_thoughts,
    )


UNKNOWN = Family("unknown", parser=None, closing=None)

FAMILIES: tuple[Family, ...] = (
    Family(
        "abacus",
        parser="deepseek_r1",
        closing=_think("abacus", boxed_opener="\\boxed{", cut_thoughts="worthless"),
        names=r"(^|/)abacus$",
    ),
    Family(
        "gpt-oss",
        parser="openai_gptoss",
        # Whole: a bare <|end|> reopens the analysis channel.
        closing=Closing(
            "gpt-oss",
            "<|channel|>final<|message|>",
            "<|end|><|start|>assistant<|channel|>final<|message|>",
            start_marker="<|channel|>analysis<|message|>",
            skipped="<|channel|>final<|message|>",
            textually="ask_again",
        ),
        names=r"gpt-oss",
        model_type=r"^gpt_oss$",
    ),
    Family(
        "sky-t1",
        parser=None,
        closing=Closing(
            "sky-t1",
            "<|end_of_thought|>",
            "\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n",
            "\\boxed{",
            start_marker="<|begin_of_thought|>",
            skipped="<|begin_of_thought|>\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n",
            answer_marks=("<|begin_of_solution|>", "<|end_of_solution|>"),
            textually="prefix",
        ),
        names=r"sky-t1",
        template=r"<\|begin_of_thought\|>",
    ),
    Family(
        "deepseek-v3",
        parser="deepseek_v3",
        closing=_think("deepseek-v3"),
        names=r"deepseek-v3\.[12]",
    ),
    Family(
        "minicpm-v",
        parser="minicpmv",
        closing=_think("minicpm-v", textually="prefix"),
        names=r"minicpm-v-?4[._]5",
    ),
    Family(
        "minicpm",
        parser="deepseek_r1",
        closing=_think("minicpm", textually="prefix"),
        names=r"minicpm-?(s1|r1|4[._]1|5)",
    ),
    # Before Qwen3: DeepSeek's distills carry its name too.
    Family(
        "deepseek-r1",
        parser="deepseek_r1",
        closing=_think("deepseek-r1"),
        names=r"deepseek-r1|r1-distill|(^|/)qwq-(?!.*preview)|phi-4-(mini-)?reasoning",
        # The generation prompt itself opens the thought.
        template=r"<think>(\\n|\n)*['\"]\s*[-}]",
    ),
    Family(
        "qwen3",
        parser="qwen3",
        closing=_think(
            "qwen3",
            words="Considering the limited time by the user, I have to give the solution based on"
            " the thinking directly now.",
            textually="prefix",
        ),
        names=r"(^|[/_-])qwen-?3",
        not_names=r"instruct|coder|embedding|reranker|guard|-base",
        model_type=r"^qwen3",
        template=r"enable_thinking",
    ),
)


def family_of(card: ModelCard) -> Family:
    """The first family that knows the model by name, else the first that knows its files."""
    for family in FAMILIES:
        if family.is_named_in(card):
            return family if family.thinks(card) else UNKNOWN
    return next((family for family in FAMILIES if family.is_seen_in(card)), UNKNOWN)


def family_with_parser(parser: str, card: ModelCard) -> Family:
    """The family where the parser was named by hand: the model's own, else one that uses it."""
    own = family_of(card)
    if own is UNKNOWN:
        own = next((f for f in reversed(FAMILIES) if f.parser == parser), UNKNOWN)
    return replace(own, parser=parser)


def family_with_closer(
    family: Family, closer: str, *, answer_opener: str | None = None, think_end: str | None = None
) -> Family:
    """The family with words of the user's own for closing its thoughts.

    `think_end` is the model's end of thought and has to stand in `closer`; where it is not given it
    is the family's, or `</think>`. `answer_opener` leads into a boxed answer; where it is not given
    it is the family's, or none. Raises StartupError.
    """
    own = family.closing or Closing(family.name, _THINK_END, "")
    end = think_end or own.end_marker
    words, marker, _ = closer.partition(end)
    if not marker:
        raise StartupError(f"The closer {closer!r} does not hold the end of a thought, {end!r}.")
    start = own.start_marker if end == own.end_marker else ""
    start = start or (end.replace("</", "<", 1) if end.startswith("</") else "")
    closing = replace(
        own,
        end_marker=end,
        closer=closer,
        boxed_opener=own.boxed_opener if answer_opener is None else answer_opener,
        last_words=words.rstrip(),
        start_marker=start,
        skipped=own.skipped if end == own.end_marker and own.skipped else _left_out(start, end),
    )
    return replace(family, closing=closing)
