"""What makes an environment must work on any machine, so it may name the places of none."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(
    file.relative_to(ROOT).as_posix()
    for pattern in ("pyproject.toml", "Makefile", ".ci/run", "requirements/*", "scripts/*")
    for file in ROOT.glob(pattern)
)
FOLDERS_OF_A_MACHINE = re.compile(r"(?<![\w.])/(?:opt|work|root|home|mnt|srv|Users)/|file://")
PUBLIC_INDEXES = ("https://pypi.org/simple", "https://download.pytorch.org/whl/")
INDEX = re.compile(r"https?://\S*/(?:simple|whl|wheels|pypi)\b[^\s\"'}]*")


@pytest.mark.parametrize("file", FILES)
def test_set_up_files_name_no_folder_of_one_machine(file):
    assert FOLDERS_OF_A_MACHINE.findall((ROOT / file).read_text()) == []


@pytest.mark.parametrize("file", FILES)
def test_set_up_files_name_public_package_indexes_only(file):
    named = INDEX.findall((ROOT / file).read_text())
    assert [index for index in named if not index.startswith(PUBLIC_INDEXES)] == []


@pytest.mark.parametrize("file", ["constraints.txt", "constraints-gpu.txt"])
def test_constraints_are_plain_pins(file):
    lines = (ROOT / "requirements" / file).read_text().splitlines()
    pin = re.compile(r"[a-z0-9.-]+==[\w.]+( ; .+)?")
    assert [line for line in lines if not line.startswith("#") and not pin.fullmatch(line)] == []


def test_torch_is_pinned_to_the_version_of_the_cpu_extra():
    pinned = re.search(r"^torch==.*$", (ROOT / "requirements/constraints.txt").read_text(), re.M)
    assert pinned is not None
    assert f'"{pinned.group()}"' in (ROOT / "pyproject.toml").read_text()
