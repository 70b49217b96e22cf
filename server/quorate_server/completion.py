"""Samples in OpenAI's shapes: chat completions, text completions, and their chunks."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from quorate_sampling.engine import Delta, Sample


@dataclass(frozen=True, slots=True)
class Shape:
    """What every object of one response repeats: its id, when it was made, the model's name.

    `chat` is False for `/v1/completions`. `model` is the name the client asked for.
    `show_reasoning` is False where the client asked for answers without their reasoning.
    """

    id: str
    created: int
    model: str
    chat: bool = True
    show_reasoning: bool = True

    @classmethod
    def of(
        cls, request_id: str, model: str, *, chat: bool = True, show_reasoning: bool = True
    ) -> "Shape":
        prefix = "chatcmpl" if chat else "cmpl"
        return cls(f"{prefix}-{request_id}", int(time.time()), model, chat, show_reasoning)

    def shown(self, sample: Sample) -> Sample:
        """What the client may see of a sample.

        Log-probabilities spell the reasoning out token by token, and go with it.
        """
        if self.show_reasoning or not sample.reasoning:
            return sample
        return replace(sample, reasoning="", logprobs=())

    def whole(self, choices: list[dict[str, Any]], **extra: Any) -> dict[str, Any]:
        """A unary response. `extra`: usage, consensus, deadline …"""
        kind = "chat.completion" if self.chat else "text_completion"
        return self._object(kind, choices, extra)

    def chunk(self, choices: list[dict[str, Any]], **extra: Any) -> dict[str, Any]:
        """One chunk of a stream."""
        kind = "chat.completion.chunk" if self.chat else "text_completion"
        return self._object(kind, choices, extra)

    def _object(
        self, kind: str, choices: list[dict[str, Any]], extra: Mapping[str, Any]
    ) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
            **extra,
        }

    def choice(
        self, index: int, sample: Sample, content: str | None = None, refusal: str | None = None
    ) -> dict[str, Any]:
        """A finished sample as a choice; `content` replaces the sample's own, and where there is
        a `refusal` there is none."""
        sample = self.shown(sample)
        text = sample.content if content is None else content
        if not self.chat:
            return {
                "index": index,
                "text": text,
                "logprobs": None,
                "finish_reason": sample.finish_reason,
            }
        reasoning = sample.reasoning or None
        message: dict[str, Any] = {
            "role": "assistant",
            "content": text if refusal is None else None,
            "refusal": refusal,
            "reasoning": reasoning,
            "reasoning_content": reasoning,
        }
        if sample.tool_calls:
            message["tool_calls"] = joined_tool_calls(sample.tool_calls)
            message["content"] = text or None
        return {
            "index": index,
            "message": message,
            "logprobs": {"content": list(sample.logprobs)} if sample.logprobs else None,
            "finish_reason": sample.finish_reason,
        }

    def abstention(self, refusal: str) -> dict[str, Any]:
        """A choice that says why there is no answer."""
        message = {"role": "assistant", "content": None, "refusal": refusal}
        return {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}

    def delta(self, index: int, delta: Delta) -> dict[str, Any]:
        """A piece of a sample as a streamed choice."""
        if not self.chat:
            return {"index": index, "text": delta.content, "logprobs": None, "finish_reason": None}
        piece: dict[str, Any] = {}
        if delta.reasoning and not self.show_reasoning:
            delta = replace(delta, reasoning="", logprobs=())
        if delta.reasoning:
            piece["reasoning"] = piece["reasoning_content"] = delta.reasoning
        if delta.content:
            piece["content"] = delta.content
        if delta.tool_calls:
            piece["tool_calls"] = list(delta.tool_calls)
        logprobs = {"content": list(delta.logprobs)} if delta.logprobs else None
        return {"index": index, "delta": piece, "logprobs": logprobs, "finish_reason": None}

    def delta_free(self, index: int) -> dict[str, Any]:
        """A choice that says nothing, for chunks that carry something else."""
        return {"index": index, "delta": {}, "logprobs": None, "finish_reason": None}

    def opening(self, index: int) -> dict[str, Any]:
        """The first chunk's choice: who speaks."""
        if not self.chat:
            return {"index": index, "text": "", "logprobs": None, "finish_reason": None}
        delta = {"role": "assistant", "content": ""}
        return {"index": index, "delta": delta, "logprobs": None, "finish_reason": None}

    def ending(
        self, index: int, finish_reason: str | None, refusal: str | None = None
    ) -> dict[str, Any]:
        """The last chunk's choice: how it ended, and a `refusal` where it came to no answer."""
        reason = finish_reason or "stop"
        if not self.chat:
            return {"index": index, "text": "", "logprobs": None, "finish_reason": reason}
        delta = {} if refusal is None else {"refusal": refusal}
        return {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}


def joined_tool_calls(pieces: tuple[Mapping[str, Any], ...]) -> list[dict[str, Any]]:
    """Streamed tool-call pieces put together, in the order of their `index`."""
    calls: dict[int, dict[str, Any]] = {}
    for piece in pieces:
        index = int(piece.get("index", 0))
        function = piece.get("function") or {}
        call = calls.setdefault(
            index, {"id": None, "type": "function", "function": {"name": "", "arguments": ""}}
        )
        call["id"] = piece.get("id") or call["id"]
        call["type"] = piece.get("type") or call["type"]
        call["function"]["name"] += function.get("name") or ""
        call["function"]["arguments"] += function.get("arguments") or ""
    return [calls[index] for index in sorted(calls)]
