"""How far an engine's start has come, told from the lines of its log."""

import re

PHASES: tuple[tuple[str, str], ...] = (
    (r"Fetching \d+ files|Downloading|downloading", "downloading the model"),
    (r"Resolved architecture", "starting the engine core"),
    (r"Initializing a V1 LLM engine", "starting the worker"),
    (r"Starting to load model", "loading the weights"),
    (r"Loading weights took", "laying out the KV cache"),
    (r"KV cache size", "warming up"),
    (r"Compiling a graph|Dynamo bytecode|Capturing CUDA", "compiling"),
    (r"init engine \(", "opening the API"),
)
"""What vLLM 0.32 writes as it goes along, in order, and what that means to somebody who waits."""

FIRST_PHASE = "starting vLLM"
LAST_PHASE = "finding out what the engine can do"


def phase_in(line: str) -> str | None:
    """The phase that a line of the log opens; None where it opens none."""
    return next((phase for pattern, phase in PHASES if re.search(pattern, line)), None)
