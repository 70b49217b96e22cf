"""What was learnt of an engine's pace, kept in a file from one run of the server to the next."""

import contextlib
import json
import logging
import os
import platform
import tempfile
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from quorate_sampling.pace import Pace

MOST_BYTES = 64 * 1024
"""A state takes some 5 kB; a larger file is not one of ours."""

MOST_FILES = 64
"""Engines that are remembered in one folder; of more, those longest unused are dropped."""

logger = logging.getLogger(__name__)


def pace_file(
    folder: Path, model_ids: Iterable[str], version: str | None, address: str | None = None
) -> Path:
    """Where the pace of an engine is kept: one file for its models and version, where it runs.

    That is its `address`, or None for an engine of our own: then it is this kind of machine. Two of
    our own with the same models share a file.

    The names are a client's or a stranger's, so that only their digest is in the file's name.
    """
    where = [platform.machine(), os.cpu_count()] if address is None else [address]
    key = json.dumps([sorted(model_ids), version, *where])
    return folder / f"pace-{sha256(key.encode()).hexdigest()[:16]}.json"


def load(path: Path) -> Pace | None:
    """The pace that was kept in a file; None where there is none. Never raises.

    A file that cannot be read, or is not one, is passed over with a warning.
    """
    try:
        with path.open("rb") as file:
            written = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        logger.warning("the pace kept in %s cannot be read: %s", path.name, error)
        return None
    try:
        if len(written) > MOST_BYTES:
            raise ValueError("it is too large")  # noqa: TRY301
        return Pace.restored(json.loads(written))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        logger.warning("the pace kept in %s is not one and is passed over: %r", path.name, error)
        return None


def save(path: Path, state: dict[str, Any]) -> None:
    """Keep a `Pace.state()`, whole or not at all: it is moved into place. Raises OSError,
    and ValueError where there is a number in it that JSON has not.

    It blocks for as long as the disk takes: call it in a thread.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".pace-", suffix=".part")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(state, file, allow_nan=False)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _drop_unused(path.parent)


def _drop_unused(folder: Path) -> None:
    kept = sorted(folder.glob("pace-*.json"), key=_used_at, reverse=True)
    for path in kept[MOST_FILES:]:
        path.unlink(missing_ok=True)


def _used_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
