"""A family's closing as one engine takes it: in token ids, or in words where it has none."""

from itertools import takewhile

from quorate_sampling.closers import Closing, PreparedClosing
from quorate_sampling.engine import Abilities, Engine
from quorate_sampling.turns import TextClosing

TIME_IS_UP = "Time is up. Answer now with only the final answer."
IN_A_BOX = " Put it in \\boxed{}."
FINAL_ANSWER = "\n\n**Final Answer**\n\n"
"""Leads from a thought without markers to an answer in the model's own words."""


async def prepare_closing(engine: Engine, closing: Closing, opener: str) -> PreparedClosing:
    """Ask the engine for the ids of everything that is put behind a thought.

    Closer and opener are told apart by nothing but the text: they are tokenized as one, as the
    model would have written them. Raises EngineError.
    """
    return PreparedClosing(
        token_ids=await engine.tokenize(closing.closer + opener),
        end_ids=await _marker_ids(engine, closing.end_marker),
        last_words=closing.last_words,
        opener=opener,
        start_ids=await _ids(engine, closing.start_marker),
        at_once_ids=await engine.tokenize(closing.at_once + opener),
        skipped_ids=await _ids(engine, closing.skipped and closing.skipped + opener),
        cut_thoughts=closing.cut_thoughts,
    )


async def _marker_ids(engine: Engine, marker: str) -> tuple[int, ...]:
    """A marker that is no token of its own may share its last token with what follows: that is
    left out."""
    alone = await engine.tokenize(marker)
    followed = await engine.tokenize(f"{marker}\n\n")
    shared = takewhile(lambda pair: pair[0] == pair[1], zip(alone, followed, strict=False))
    return tuple(token_id for token_id, _ in shared) or alone


async def _ids(engine: Engine, text: str) -> tuple[int, ...]:
    return await engine.tokenize(text) if text else ()


def closing_in_words(closing: Closing, abilities: Abilities, opener: str) -> PreparedClosing:
    """How an engine without token ids is brought from a thought to an answer.

    As the family's chat template allows it, where the engine goes on with a message; else the
    answer is asked for, without an opener.
    """
    if closing.textually == "ask_again" or not abilities.goes_on:
        ask = TIME_IS_UP + (IN_A_BOX if opener else "")
        return PreparedClosing((), (), last_words="", opener="", text=TextClosing(ask=ask))
    if closing.textually == "bare_prefix":
        text = TextClosing(behind="\n\n" if opener else FINAL_ANSWER)
        return PreparedClosing((), (), last_words="", opener=opener, text=text)
    text = TextClosing(before=f"{closing.start_marker}\n", behind=closing.closer)
    return PreparedClosing((), (), last_words=closing.last_words, opener=opener, text=text)
