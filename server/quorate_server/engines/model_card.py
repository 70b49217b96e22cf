"""What a model's own files say about it, read before anything is loaded."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model's name or folder, and what its files add; None where they are not at hand."""

    name: str
    model_type: str | None = None
    chat_template: str | None = None


def read_card(model: str) -> ModelCard:
    """The card of a local folder or of a model on the Hub.

    Of the latter only what an earlier download left in the cache: nothing is fetched here.
    """
    for folder in _folders(model):
        config = _json(folder / "config.json")
        if config:
            return ModelCard(model, config.get("model_type"), _chat_template(folder))
    return ModelCard(model)


def is_local(model: str) -> bool:
    """Whether the model is a folder (or file) here, so that nothing has to be downloaded."""
    return Path(model).expanduser().exists()


def _folders(model: str) -> Iterator[Path]:
    if is_local(model):
        yield Path(model).expanduser()
        return
    home = Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser()
    cache = Path(os.environ.get("HF_HUB_CACHE", home / "hub"))
    name = "models--" + model.replace("/", "--")
    if "/" in model and name == Path(name).name:
        yield from (cache / name / "snapshots").glob("*")


def _chat_template(folder: Path) -> str | None:
    template = folder / "chat_template.jinja"
    if template.is_file():
        return template.read_text("utf-8", "replace")
    template_field = _json(folder / "tokenizer_config.json").get("chat_template")
    return template_field if isinstance(template_field, str) else None


def _json(path: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError):
        return {}
