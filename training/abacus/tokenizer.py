"""A tokenizer with one token per byte, the markers of a chat, and the chat's template."""

from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

__all__ = [
    "ASSISTANT", "BOS", "CHAT_TEMPLATE", "CLOSE", "EOS", "OPEN", "SPECIAL_TOKENS", "USER",
    "VOCABULARY_SIZE", "build_tokenizer", "token_ids",
]  # fmt: skip

BOS = "<|bos|>"
EOS = "<|end|>"
USER = "<|user|>"
ASSISTANT = "<|assistant|>"
OPEN = "<think>"
CLOSE = "</think>"
SPECIAL_TOKENS = {
    token: 256 + place for place, token in enumerate((BOS, EOS, USER, ASSISTANT, OPEN, CLOSE))
}
VOCABULARY_SIZE = 256 + len(SPECIAL_TOKENS)

CLOSER = [*b"\n", SPECIAL_TOKENS[CLOSE], *b"\n\n\\boxed{"]
"""What ends a thought from outside and opens the answer, as token ids."""

CHAT_TEMPLATE = (Path(__file__).parent / "chat_template.jinja").read_text()


def token_ids(text: str) -> list[int]:
    """The ids of plain text without markers: its UTF-8 bytes."""
    return list(text.encode())


def build_tokenizer() -> PreTrainedTokenizerFast:
    """The tokenizer as transformers and vLLM load it; byte b has the id b."""
    vocabulary = {character: byte for byte, character in enumerate(_byte_characters())}
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens(
        [AddedToken(token, special=True) for token in (BOS, EOS, USER, ASSISTANT)]
    )
    backend.add_tokens(
        [AddedToken(token, special=False, normalized=False) for token in (OPEN, CLOSE)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=BOS,
        eos_token=EOS,
        pad_token=EOS,
        clean_up_tokenization_spaces=False,
        model_max_length=16384,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def _byte_characters() -> list[str]:
    """The printable character by which the ByteLevel pre-tokenizer stands for each byte."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    stand_ins = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(stand_ins)) for byte in range(256)]
