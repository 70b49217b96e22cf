"""vLLM's own counters, to hold ours against."""

import re
import time

import httpx

SETTLED_AFTER_S = 1.2
"""vLLM brings its metrics up to date with a delay."""


def generated_tokens(engine_url: str) -> int:
    """How many tokens the engine has generated since it was started."""
    return int(_sum("vllm:generation_tokens_total", engine_url))


def running_requests(engine_url: str) -> int:
    """How many requests it is working on, or has waiting."""
    names = ("vllm:num_requests_running", "vllm:num_requests_waiting")
    return int(sum(_sum(name, engine_url) for name in names))


def settled_tokens(engine_url: str, within_s: float = 20.0) -> int:
    """`generated_tokens` once it stands still."""
    give_up_at = time.monotonic() + within_s
    last = generated_tokens(engine_url)
    while time.monotonic() < give_up_at:
        time.sleep(SETTLED_AFTER_S)
        now = generated_tokens(engine_url)
        if now == last:
            return now
        last = now
    raise AssertionError("the engine goes on generating")


def _sum(name: str, engine_url: str) -> float:
    text = httpx.get(f"{engine_url}/metrics", timeout=10).text
    found = re.findall(rf"^{re.escape(name)}\{{[^}}]*\}} (\S+)$", text, re.MULTILINE)
    assert found, f"{name} is not among the engine's metrics"
    return sum(float(value) for value in found)
