"""How many tokens a prompt will be, before an engine has told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

WORTH_LEARNING = 1_000
"""Bytes; of a shorter prompt the chat template is too large a part."""
LEARNING = 0.1
LEAST_BYTES, MOST_BYTES = 0.5, 16.0


@dataclass(slots=True)
class PromptLength:
    """The bytes of text that one token of an engine's prompts was lately; 4 before any came."""

    bytes_a_token: float = 4.0

    def tokens(self, body: Mapping[str, Any]) -> int:
        """About how many tokens a request's prompt has; exact where it consists of token ids."""
        prompt = body.get("prompt")
        if isinstance(prompt, list) and all(type(token) is int for token in prompt):
            return len(prompt)
        return round(_size(body) / self.bytes_a_token)

    def most_tokens(self, body: Mapping[str, Any]) -> int:
        """What it has at most, whatever the tokenizer."""
        return round(_size(body) / LEAST_BYTES)

    def told(self, body: Mapping[str, Any], tokens: int) -> None:
        """Learn from what an engine said about a prompt."""
        size = _size(body)
        if size >= WORTH_LEARNING and tokens > 0:
            seen = max(LEAST_BYTES, min(MOST_BYTES, size / tokens))
            self.bytes_a_token += LEARNING * (seen - self.bytes_a_token)


def _size(body: Mapping[str, Any]) -> int:
    """Bytes of a prompt's text; of images and the like nothing can be told."""
    return sum(map(_bytes, _texts(body)))


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _texts(body: Mapping[str, Any]) -> Iterator[str]:
    prompt = body.get("prompt")
    if isinstance(prompt, str):
        yield prompt
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content") if isinstance(message, dict) else None
        for part in content if isinstance(content, list) else (content,):
            text = part.get("text") if isinstance(part, dict) else part
            if isinstance(text, str):
                yield text
