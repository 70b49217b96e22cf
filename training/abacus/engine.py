"""Starts vLLM on this machine for as long as a measurement takes."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

__all__ = ["served"]

QUIET = {
    "HF_HUB_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_LOGGING_LEVEL": "WARNING",
}
LONGEST_START_S = 600


@contextmanager
def served(model: Path, name: str, port: int) -> Iterator[str]:
    """Serve a model folder on loopback and yield the base URL; stops the server on leaving.

    Raises RuntimeError if the server ends by itself, TimeoutError if it is not up in ten minutes.
    """
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)]
    command += ["--served-model-name", name, "--host", "127.0.0.1", "--port", str(port)]
    command += ["--enforce-eager", "--reasoning-parser", "deepseek_r1", "--max-model-len", "16384"]
    server = subprocess.Popen(command, env={**os.environ, **QUIET}, stdout=subprocess.DEVNULL)
    try:
        _wait(server, f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait()


def _wait(server: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + LONGEST_START_S
    while time.monotonic() < until:
        if server.poll() is not None:
            raise RuntimeError(f"vLLM ended with status {server.returncode}")
        try:
            if httpx.get(url).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise TimeoutError(f"vLLM was not up within {LONGEST_START_S} s")
