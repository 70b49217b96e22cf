"""The shape of abacus: a Qwen3 of about a million parameters."""

from transformers import Qwen3Config, Qwen3ForCausalLM

from training.abacus.tokenizer import BOS, EOS, SPECIAL_TOKENS, VOCABULARY_SIZE

__all__ = ["build_model"]

HEAD_SIZE = 32


def build_model(width: int = 128, layers: int = 5) -> Qwen3ForCausalLM:
    """A fresh model; heads are 32 wide, the smallest that vLLM's attention takes on a CPU."""
    heads = width // HEAD_SIZE
    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=VOCABULARY_SIZE,
            hidden_size=width,
            intermediate_size=3 * width,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            num_key_value_heads=heads,
            head_dim=HEAD_SIZE,
            max_position_embeddings=16384,
            tie_word_embeddings=True,
            bos_token_id=SPECIAL_TOKENS[BOS],
            eos_token_id=SPECIAL_TOKENS[EOS],
            pad_token_id=SPECIAL_TOKENS[EOS],
        )
    )
