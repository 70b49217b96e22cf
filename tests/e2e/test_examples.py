"""The examples that the bundled model can do, as a user runs them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.engine

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(name: str, base_url: str, *arguments: str) -> list[str]:
    """The lines that an example prints."""
    command = [sys.executable, str(EXAMPLES / name), "--base-url", f"{base_url}/v1", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_invoice_checker_trusts_easy_sums_and_finds_the_wrong_one(
    base_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "invoices.csv"
    file.write_text("A-1,17,8,9\nA-2,18,8,9\nA-3,9,2x3,3\n")
    right, wrong, product = run("invoice_checker.py", base_url, str(file))
    assert right.split()[:3] == ["ok", "A-1", "17"]
    assert wrong.split()[:3] == ["wrong", "A-2", "18"]
    assert "adds up to 17" in wrong
    assert product.split()[:3] == ["ok", "A-3", "9"]


def test_the_invoice_checker_leaves_hard_sums_to_a_person(base_url: str, tmp_path: Path) -> None:
    file = tmp_path / "invoices.csv"
    file.write_text("H-1,1,87x93,412x7,89x76,318,45x88\n")
    (line,) = run("invoice_checker.py", base_url, "--min-confidence", "0.99", str(file))
    assert line.startswith("doubt")


def test_the_invoice_checker_runs_on_its_own_invoices(base_url: str) -> None:
    lines = run("invoice_checker.py", base_url)
    assert len(lines) == 5
    for line in lines:
        assert re.match(r"(ok|wrong|doubt) +2024-0\d +\d+  ", line)
