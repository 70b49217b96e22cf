"""A turn of a voice bot in under three seconds, whatever the model is at.

    quorate serve --model Qwen/Qwen3-8B
    python examples/voice_turn.py --model Qwen/Qwen3-8B [--budget 2.8] ["WHAT THE CALLER SAID"]

The turn has one deadline, and the calls in it share what remains. First the caller's wish is voted
on, then a reply is thought out for it and streamed. If time runs out, the votes that have come say
the wish, and the reply ends with its last whole sentence. Where there is none, a filler is said:
a caller who hears nothing for four seconds hangs up.

Out come the wish, what is said, and the seconds it took.
"""

import argparse
import asyncio
import re
import time
from dataclasses import dataclass
from typing import Literal

from openai import OpenAIError

from quorate import AsyncQuorate, QuorateError, deadline, expired

FILLER = "One moment please, I am just looking into that."
WISHES = ("book a table", "change a booking", "opening hours", "something else")
WISH_SHARE = 0.4
"""Of the turn's time, at most, for finding out the wish."""
SYSTEM = (
    "You answer a restaurant's telephone, open 12 to 22, closed on Mondays. The caller's wish: {}. "
    "Reply in one or two short sentences."
)
SENTENCES = re.compile(r".*[.!?](?=\s|$)", re.DOTALL)
FAILED = (QuorateError, OpenAIError)


@dataclass(frozen=True, slots=True)
class Turn:
    """What the bot says, and how it came by it."""

    wish: str
    said: str
    kind: Literal["whole", "cut", "filler"]


async def wish_of(client: AsyncQuorate, model: str, heard: str, seconds: float) -> str:
    """What the caller wants; the last of the wishes where that is not known in time."""
    question = f"A caller of our restaurant says: {heard}\nWhich is it: {', '.join(WISHES)}?"
    try:
        answer = await client.ask(
            question,
            model=model,
            samples=4,
            answer_type={"labels": list(WISHES)},
            deadline=seconds,
            on_expiry="partial",
        )
    except FAILED:
        return WISHES[-1]
    return str(answer.value or WISHES[-1])


async def reply_to(
    client: AsyncQuorate, model: str, heard: str, wish: str, seconds: float
) -> tuple[str, bool]:
    """The reply as far as it came, and whether that is all of it."""
    limited = client.with_deadline(seconds, on_expiry="partial")
    pieces: list[str] = []
    try:
        stream = await limited.chat.completions.create(
            model=model,
            messages=[
                {"role": "system", "content": SYSTEM.format(wish)},
                {"role": "user", "content": heard},
            ],
            stream=True,
        )
        async for chunk in stream:
            pieces += [choice.delta.content or "" for choice in chunk.choices]
    except FAILED:
        return "".join(pieces), False
    return "".join(pieces), not expired(stream)


async def turn(client: AsyncQuorate, model: str, heard: str, budget_s: float) -> Turn:
    """What to say to what was heard, within the budget."""
    with deadline(budget_s):
        wish = await wish_of(client, model, heard, WISH_SHARE * budget_s)
        reply, whole = await reply_to(client, model, heard, wish, budget_s)
    if whole and reply.strip():
        return Turn(wish, reply.strip(), "whole")
    sentences = SENTENCES.match(reply)
    return Turn(wish, sentences[0].strip(), "cut") if sentences else Turn(wish, FILLER, "filler")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base-url", default="http://127.0.0.1:8000/v1")
    parser.add_argument("--model", default="abacus")
    parser.add_argument("--budget", type=float, default=2.8, help="seconds a turn")
    parser.add_argument("heard", nargs="?", default="Are you open on Monday at noon?")
    options = parser.parse_args()
    began_at = time.perf_counter()
    async with AsyncQuorate(base_url=options.base_url) as client:
        done = await turn(client, options.model, options.heard, options.budget)
        took_s = time.perf_counter() - began_at
    print(f"({done.wish}) {done.said}\n{done.kind}, {took_s:.2f} s of {options.budget:g}")


if __name__ == "__main__":
    asyncio.run(main())
