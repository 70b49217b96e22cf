"""What is sent to an engine for each thing a group asks of it."""

from collections.abc import Mapping
from typing import Any

from quorate_sampling.engine import Abilities, Continuation, Draw
from quorate_sampling.turns import Turn

SAMPLING_FIELDS = frozenset(
    {
        "model",
        "temperature",
        "top_p",
        "top_k",
        "min_p",
        "presence_penalty",
        "frequency_penalty",
        "repetition_penalty",
        "stop",
        "stop_token_ids",
        "include_stop_str_in_output",
        "ignore_eos",
        "bad_words",
        "logit_bias",
        "allowed_token_ids",
        "skip_special_tokens",
        "spaces_between_special_tokens",
        "return_tokens_as_token_ids",
        "logprob_token_ids",
        # The grammar starts behind the prompt, which here ends with the closer.
        "response_format",
        "structured_outputs",
        "user",
        "priority",
        "cache_salt",
        "session_id",
        "vllm_xargs",
    }
)
"""Fields that mean the same in a chat completion and in a completion from token ids.

`min_tokens` is left out on purpose: it spoke of the whole sample, of which this is the rest.
"""

TOKENIZE_FIELDS = (
    "model",
    "messages",
    "tools",
    "chat_template",
    "chat_template_kwargs",
    "add_generation_prompt",
    "continue_final_message",
    "add_special_tokens",
    "media_io_kwargs",
    "mm_processor_kwargs",
)


def draw_body(draw: Draw, abilities: Abilities) -> dict[str, Any]:
    """A streamed completion of a single sample: of a chat, or of plain text."""
    body = dict(draw.body)
    body.pop("n", None)
    if not draw.chat:
        return _text_body(body, draw, abilities)
    # Without reasoning vLLM also withholds token ids and log-probabilities.
    body.pop("include_reasoning", None)
    body.pop("stream_options", None)
    if draw.max_tokens is not None:
        modern = body.pop("max_completion_tokens", None) is not None
        body["max_completion_tokens" if modern else "max_tokens"] = draw.max_tokens
        if modern:
            body.pop("max_tokens", None)
    if draw.priority is not None:
        body["priority"] = draw.priority
    if draw.thinking_tokens is not None and abilities.thinking_budget:
        body["thinking_token_budget"] = _smaller(
            draw.thinking_tokens, body.get("thinking_token_budget")
        )
    return _streamed(body, abilities, draw.seed, draw.stream_interval)


def _smaller(ours: int, asked: Any) -> Any:
    """The client's own budget stays, unless it is greater. vLLM has -1 for none."""
    limit = isinstance(asked, int) and not isinstance(asked, bool) and asked >= 0
    return min(ours, asked) if limit else ours


def _text_body(body: dict[str, Any], draw: Draw, abilities: Abilities) -> dict[str, Any]:
    # Plain completions know one limit, and no usage but what is asked for below.
    for name in ("max_completion_tokens", "stream_options"):
        body.pop(name, None)
    if draw.max_tokens is not None:
        body["max_tokens"] = draw.max_tokens
    if draw.priority is not None:
        body["priority"] = draw.priority
    return _streamed(body, abilities, draw.seed, draw.stream_interval)


def continuation_body(continuation: Continuation, abilities: Abilities) -> dict[str, Any]:
    """A streamed completion that goes on from token ids; a chat's, where there is only its text."""
    if continuation.turn is not None:
        return _turn_body(continuation, continuation.turn, abilities)
    asked = continuation.body
    body = {name: value for name, value in asked.items() if name in SAMPLING_FIELDS}
    if asked.get("logprobs"):
        body["logprobs"] = top_logprobs(asked)
    body["prompt"] = list(continuation.token_ids)
    body["max_tokens"] = continuation.max_tokens
    if continuation.priority is not None:
        body["priority"] = continuation.priority
    return _streamed(body, abilities, continuation.seed, continuation.stream_interval)


def _turn_body(continuation: Continuation, turn: Turn, abilities: Abilities) -> dict[str, Any]:
    said = {"role": "assistant", "content": turn.said}
    body = dict(continuation.body)
    messages = [*body.get("messages", ()), *([said] if turn.said else ())]
    if turn.ask:
        body["messages"] = [*messages, {"role": "user", "content": turn.ask}]
        if abilities.thinking_off:
            body["chat_template_kwargs"] = {
                **(body.get("chat_template_kwargs") or {}),
                "enable_thinking": False,
            }
    else:
        body |= {"messages": messages, "continue_final_message": True}
        body["add_generation_prompt"] = False
    draw = Draw(
        continuation.sample_id,
        body,
        seed=continuation.seed,
        max_tokens=continuation.max_tokens,
        stream_interval=continuation.stream_interval,
        priority=continuation.priority,
    )
    return draw_body(draw, abilities)


def prompt_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """A chat request as vLLM's `/tokenize` takes it."""
    asked = {name: body[name] for name in TOKENIZE_FIELDS if body.get(name) is not None}
    effort = body.get("reasoning_effort")
    if effort is not None:
        # vLLM's chat route hands these to the template itself; `/tokenize` has to be told.
        given = asked.get("chat_template_kwargs", {})
        implied = {"reasoning_effort": effort, "enable_thinking": effort != "none"}
        asked["chat_template_kwargs"] = implied | given
    return asked


def top_logprobs(body: Mapping[str, Any]) -> int:
    """How many alternatives a token the client asked for."""
    return int(body.get("top_logprobs") or 0)


def _streamed(
    body: dict[str, Any], abilities: Abilities, seed: int | None, stream_interval: int
) -> dict[str, Any]:
    body["stream"] = True
    if abilities.exact_usage:
        body["stream_options"] = {"include_usage": True}
    if abilities.token_ids:
        body["return_token_ids"] = True
    if abilities.stream_interval:
        body["stream_interval"] = stream_interval
    if seed is not None:
        body["seed"] = seed
    return body
