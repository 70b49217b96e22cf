"""A completion in vLLM's words: whole, and as the chunks of a stream."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from benchmarks.simulated.asked import Asked
from benchmarks.simulated.engine import Sequence
from benchmarks.simulated.vocabulary import Vocabulary

DONE = b"data: [DONE]\n\n"


@dataclass(slots=True, eq=False)
class Choice:
    """One sequence on its way to the client. `thought_ends`: where its thought does, if it has."""

    index: int
    sequence: Sequence
    thought_ends: int | None
    sent: int = 0
    ended: bool = False
    """Whether its finish has been sent."""

    def split(self, start: int, end: int) -> tuple[slice, slice]:
        """Which of the tokens from `start` to `end` are thought, and which are said."""
        ends = self.thought_ends
        if ends is None:
            return slice(0, 0), slice(start, end)
        return slice(start, min(end, ends)), slice(max(start, ends + 1), end)


@dataclass(frozen=True, slots=True)
class Replies:
    """Writes one request's answer. `id` is vLLM's name for it."""

    asked: Asked
    vocabulary: Vocabulary
    id: str
    chat: bool

    def opening(self, choices: Iterable[Choice]) -> bytes:
        """What comes before the first token of a chat: the role, and the prompt's ids."""
        if not self.chat:
            return b""
        told = [
            {"index": c.index, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
            for c in choices
        ]
        ids = {"prompt_token_ids": self.asked.prompt} if self.asked.with_ids else {}
        return self._event({"choices": told, **ids})

    def chunk(self, choice: Choice) -> bytes:
        """What a sequence has said since the last chunk; nothing where that is nothing."""
        sequence = choice.sequence
        start, end = choice.sent, sequence.generated
        if choice.ended or (start == end and sequence.finish is None):
            return b""
        choice.sent = end
        choice.ended = sequence.finish is not None
        told: dict[str, Any] = {"index": choice.index, "finish_reason": sequence.finish}
        if self.chat:
            told["delta"] = self._message(choice, start, end)
        else:
            told["text"] = self._text(sequence, slice(start, end))
        if self.asked.with_ids:
            told["token_ids"] = sequence.ids[start:end]
            if not self.chat and start == 0:
                told["prompt_token_ids"] = self.asked.prompt
        return self._event({"choices": [told]})

    def ending(self, choices: Iterable[Choice]) -> bytes:
        """The usage, if it was asked for, and the end of the stream."""
        if not self.asked.with_usage:
            return DONE
        return self._event({"choices": [], "usage": self._usage(choices)}) + DONE

    def whole(self, choices: list[Choice]) -> bytes:
        """All of it at once."""
        told = []
        for choice in choices:
            sequence = choice.sequence
            one: dict[str, Any] = {"index": choice.index, "finish_reason": sequence.finish}
            if self.chat:
                said = self._message(choice, 0, sequence.generated)
                one["message"] = {"role": "assistant", "content": None, "reasoning": None, **said}
            else:
                one["text"] = self._text(sequence, slice(0, sequence.generated))
            if self.asked.with_ids:
                one["token_ids"] = sequence.ids[: sequence.generated]
            told.append(one)
        return msgspec.json.encode(
            self._named({"choices": told, "usage": self._usage(choices)}, "")
        )

    def _message(self, choice: Choice, start: int, end: int) -> dict[str, str]:
        thought, said = choice.split(start, end)
        texts = {
            "reasoning": self._text(choice.sequence, thought),
            "content": self._text(choice.sequence, said),
        }
        return {name: text for name, text in texts.items() if text}

    def _text(self, sequence: Sequence, part: slice) -> str:
        return self.vocabulary.text(sequence.ids[part])

    def _usage(self, choices: Iterable[Choice]) -> dict[str, int]:
        prompt = len(self.asked.prompt)
        generated = sum(choice.sequence.generated for choice in choices)
        return {
            "prompt_tokens": prompt,
            "completion_tokens": generated,
            "total_tokens": prompt + generated,
        }

    def _event(self, fields: dict[str, Any]) -> bytes:
        return b"data: " + msgspec.json.encode(self._named(fields, ".chunk")) + b"\n\n"

    def _named(self, fields: dict[str, Any], kind: str) -> dict[str, Any]:
        named = f"chat.completion{kind}" if self.chat else "text_completion"
        return {"id": self.id, "object": named, "created": 0, "model": self.asked.model, **fields}
