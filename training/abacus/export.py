"""Writes what vLLM and transformers load: weights, configuration, tokenizer, chat template."""

import argparse
import shutil
import tempfile
from pathlib import Path

import torch
from transformers import GenerationConfig, Qwen3ForCausalLM

from training.abacus.model import build_model
from training.abacus.tokenizer import BOS, EOS, SPECIAL_TOKENS, build_tokenizer

__all__ = ["export"]

BUNDLED = Path("server/quorate_server/models/abacus")


def export(model: Qwen3ForCausalLM, folder: Path) -> None:
    """Write the model as bfloat16 to a folder, file by file, so that a reader sees no half file."""
    folder.mkdir(parents=True, exist_ok=True)
    model = model.bfloat16()
    model.generation_config = GenerationConfig(
        do_sample=True,
        temperature=1.0,
        top_p=1.0,
        top_k=0,
        bos_token_id=SPECIAL_TOKENS[BOS],
        eos_token_id=SPECIAL_TOKENS[EOS],
        pad_token_id=SPECIAL_TOKENS[EOS],
    )
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".export-") as scratch:
        model.save_pretrained(scratch)
        build_tokenizer().save_pretrained(scratch)
        for file in sorted(Path(scratch).iterdir()):
            file.chmod(0o644)
            shutil.move(file, folder / file.name)


def main() -> None:
    """Command line: export the averaged weights of a checkpoint."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, default=BUNDLED)
    arguments = parser.parse_args()
    saved = torch.load(arguments.checkpoint, map_location="cpu", weights_only=True)
    model = build_model(saved["width"], saved["layers"])
    model.load_state_dict(saved["average"])
    export(model, arguments.out)


if __name__ == "__main__":
    main()
