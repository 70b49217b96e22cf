"""What a request asks of the engine, read out of its body as vLLM reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.simulated.vocabulary import Vocabulary, chat_prompt

CONTEXT_TOKENS = 16_384
MOST_CHOICES = 64


class Refused(Exception):
    """A request that vLLM answers with 400."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A completion to generate: `choices` sequences of at most `max_tokens` behind `prompt`."""

    prompt: list[int]
    max_tokens: int
    choices: int
    seed: int | None
    thinking_tokens: int | None
    ignore_eos: bool
    priority: int
    stream: bool
    interval: int
    with_ids: bool
    with_usage: bool
    model: str

    @classmethod
    def of(cls, body: Mapping[str, Any], vocabulary: Vocabulary, *, chat: bool) -> "Asked":
        """Raises Refused where vLLM would."""
        prompt = _prompt(body, vocabulary, chat=chat)
        room = CONTEXT_TOKENS - len(prompt)
        if room < 1:
            raise Refused(
                f"This model's maximum context length is {CONTEXT_TOKENS} tokens, and the prompt"
                f" has {len(prompt)}."
            )
        limit = body.get("max_completion_tokens")
        limit = body.get("max_tokens") if limit is None else limit
        choices = 1 if body.get("n") is None else body["n"]
        if not isinstance(choices, int) or not 1 <= choices <= MOST_CHOICES:
            raise Refused(f"n must be between 1 and {MOST_CHOICES}.")
        if limit is not None and (not isinstance(limit, int) or limit < 1):
            raise Refused("max_tokens must be at least 1.")
        seed = 0 if body.get("temperature") == 0 else body.get("seed")
        thinking = body.get("thinking_token_budget")
        return cls(
            prompt=prompt,
            # Without a limit a chat has the whole context, plain text vLLM's 16 tokens.
            max_tokens=min(room, limit or (room if chat else 16)),
            choices=choices,
            seed=seed if isinstance(seed, int) else None,
            thinking_tokens=thinking if isinstance(thinking, int) else None,
            ignore_eos=bool(body.get("ignore_eos")),
            priority=int(body.get("priority") or 0),
            stream=bool(body.get("stream")),
            interval=max(1, int(body.get("stream_interval") or 1)),
            with_ids=bool(body.get("return_token_ids")),
            with_usage=bool((body.get("stream_options") or {}).get("include_usage")),
            model=str(body.get("model") or ""),
        )


def _prompt(body: Mapping[str, Any], vocabulary: Vocabulary, *, chat: bool) -> list[int]:
    if chat:
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            raise Refused("messages must be a list with something in it.")
        return vocabulary.ids(chat_prompt(messages))
    prompt = body.get("prompt")
    if isinstance(prompt, str):
        return vocabulary.ids(prompt) or [0]
    if not isinstance(prompt, list) or not prompt or not all(isinstance(i, int) for i in prompt):
        raise Refused("prompt must be a text or a list of token ids.")
    if not all(0 <= i < len(vocabulary) for i in prompt):
        raise Refused("prompt holds ids that are out of the vocabulary.")
    return prompt
