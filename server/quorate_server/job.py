"""A request that asks for more than a plain completion, understood and checked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from quorate_server.consensus.answer_form import answer_form
from quorate_server.consensus.options import ConsensusOptions, read_options
from quorate_server.consensus.variants import apply_variant, read_variant
from quorate_server.deadlines import TimeLimit, read_time_limit
from quorate_server.errors import RequestError
from quorate_server.gateway.incoming import Incoming

CHAT_PATH = "/v1/chat/completions"
OURS = frozenset({"consensus", "deadline", "deadline_ms", "stream", "stream_options", "n"})
"""Fields of the body that engines are not passed: ours, and those each sample sets by itself."""

MOST_CHOICES = 128
HEADROOM = 200
"""Levels of nesting that a body leaves free: it is written again from deeper in the program."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done.

    `body` is for the engine; `asked_model` is what the client called the model, `model` what the
    engine calls it. `options` is None without consensus, `limit` without a deadline.
    """

    request_id: str
    chat: bool
    asked_model: str
    model: str
    body: Mapping[str, Any]
    options: ConsensusOptions | None
    limit: TimeLimit | None
    stream: bool
    include_usage: bool
    n: int
    seed: int | None

    @property
    def question(self) -> str:
        """The text of the last user message."""
        messages = self.body.get("messages")
        if isinstance(messages, list):
            for message in reversed(messages):
                if isinstance(message, dict) and message.get("role") == "user":
                    return _text(message.get("content"))
        return ""

    @property
    def token_limit(self) -> int | None:
        """How many tokens the client allows a sample; None where it does not say."""
        for name in ("max_completion_tokens", "max_tokens"):
            limit = self.body.get(name)
            if isinstance(limit, int) and not isinstance(limit, bool):
                return limit
        return None

    @property
    def has_grammar(self) -> bool:
        """Whether the answer has to follow a grammar, which then starts right after the prompt."""
        wanted = self.body.get("response_format")
        free = wanted is None or (isinstance(wanted, dict) and wanted.get("type") == "text")
        return not free or any(
            self.body.get(name) is not None
            for name in ("structured_outputs", "guided_json", "guided_regex", "guided_choice")
        )

    @property
    def continuable(self) -> bool:
        """Whether a cut sample can be continued from token ids.

        Tool calls would come back as text, and images are lost from a prompt of token ids.
        """
        messages = self.body.get("messages")
        return self.chat and not self.body.get("tools") and not _has_media(messages)


_decode = msgspec.json.Decoder(dict[str, Any]).decode


def read_job(incoming: Incoming, serves: Callable[[str], bool], only_model: str | None) -> Job:
    """Understand a request. Raises RequestError naming the field at fault."""
    body = _decoded(incoming.body)
    chat = incoming.path == CHAT_PATH
    asked_model = body.get("model") or only_model
    if not isinstance(asked_model, str):
        raise RequestError("You must say which `model` to use.", param="model")
    if chat and not isinstance(body.get("messages"), list):
        raise RequestError("`messages` must be a list of messages.", param="messages")
    variant = read_variant(asked_model, serves)
    n = _count(body.get("n"))
    options = read_options(apply_variant(variant, body.get("consensus")), answer_form(body), n)
    if options is not None and not chat:
        raise RequestError("Consensus is for chat completions.", param="consensus")
    limit = read_time_limit(
        body, incoming.headers, incoming.arrived_at, named=incoming.deadline_headers
    )
    if limit is not None and not chat:
        _refuse_what_a_deadline_forbids(body)
    stream_options = body.get("stream_options") or {}
    return Job(
        request_id=incoming.request_id,
        chat=chat,
        asked_model=asked_model,
        model=variant.model,
        body={**{k: v for k, v in body.items() if k not in OURS}, "model": variant.model},
        options=options,
        limit=limit,
        stream=body.get("stream") is True,
        include_usage=isinstance(stream_options, dict)
        and stream_options.get("include_usage") is True,
        n=n,
        seed=_seed(body.get("seed")),
    )


def _decoded(body: bytes) -> dict[str, Any]:
    """All of a body, of which `gateway.peek` has read but our own fields."""
    try:
        decoded = _decode(body)
        padded: Any = decoded
        for _ in range(HEADROOM):
            padded = [padded]
        msgspec.json.encode(padded)
    except RecursionError as error:
        raise RequestError("The body is nested too deeply.") from error
    except ValueError as error:  # msgspec's own, bytes that are no UTF-8, numbers without end
        raise RequestError(f"The body cannot be read: {error}.") from error
    return decoded


def _refuse_what_a_deadline_forbids(body: Mapping[str, Any]) -> None:
    """Raises RequestError where a text completion asks for what its samples cannot give in time."""
    prompt, best_of = body.get("prompt"), body.get("best_of")
    forbidden = {
        "prompt": isinstance(prompt, list) and not all(type(token) is int for token in prompt),
        "echo": bool(body.get("echo")),
        "best_of": best_of is not None and best_of != 1,
        "suffix": bool(body.get("suffix")),
        "logprobs": body.get("logprobs") is not None,
    }
    for name, asked in forbidden.items():
        if asked:
            what = "Several prompts (`prompt`)" if name == "prompt" else f"`{name}`"
            raise RequestError(f"{what} cannot be had together with a deadline.", param=name)


def _count(value: Any) -> int:
    if value is None:
        return 1
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_CHOICES:
        raise RequestError(f"`n` must be a whole number from 1 to {MOST_CHOICES}.", param="n")
    return value


def _seed(value: Any) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise RequestError("`seed` must be a whole number.", param="seed")
    return value


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return "\n".join(text for text in parts if isinstance(text, str))
    return ""


def _has_media(messages: Any) -> bool:
    return isinstance(messages, list) and any(
        isinstance(part, dict) and part.get("type") not in ("text", "refusal")
        for message in messages
        if isinstance(message, dict) and isinstance(message.get("content"), list)
        for part in message["content"]
    )
