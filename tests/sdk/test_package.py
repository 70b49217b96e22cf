"""What the package promises to those who install it."""

import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(code: str) -> str:
    """What a fresh interpreter prints."""
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    return told.stdout.strip()


def test_a_user_is_told_types() -> None:
    import quorate

    assert quorate.__file__ is not None
    assert (Path(quorate.__file__).parent / "py.typed").is_file()


@pytest.mark.timeout(300)
def test_a_type_checker_agrees_with_how_it_is_used() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-incremental", "tests/sdk/typed_usage.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_importing_it_costs_little_more_than_importing_openai() -> None:
    code = """
import time
import openai
began = time.process_time()
import quorate
print(time.process_time() - began)
"""
    assert statistics.median(float(run(code)) for _ in range(5)) < 0.030


def test_importing_it_loads_nothing_of_the_servers_nor_what_a_call_may_not_need() -> None:
    code = """
import sys
import quorate
heavy = {"tenacity", "tqdm", "numpy", "torch", "fastapi", "quorate_server", "quorate_sampling",
         "quorate_verifiers"}
print(sorted(heavy & sys.modules.keys()))
"""
    assert run(code) == "[]"
