import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]
PACKAGES = {"quorate", "quorate_server", "quorate_sampling", "quorate_verifiers"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    built = next(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"]))
    with zipfile.ZipFile(built) as archive:
        yield archive


@pytest.fixture(scope="module")
def sdist_names(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sdist")
    built = next(SdistBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"]))
    with tarfile.open(built) as archive:
        return [Path(*Path(name).parts[1:]) for name in archive.getnames()]


def test_wheel_holds_the_four_packages_and_nothing_else(wheel):
    top = {name.split("/")[0] for name in wheel.namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == PACKAGES


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_wheel_tells_type_checkers_that_every_package_is_typed(wheel, package):
    assert f"{package}/py.typed" in wheel.namelist()


def test_wheel_brings_every_file_of_the_bundled_model(wheel):
    folder = ROOT / "server/quorate_server/models/abacus"
    files = {file.name for file in folder.iterdir() if file.is_file()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja"} <= files
    assert {f"quorate_server/models/abacus/{file}" for file in files} <= set(wheel.namelist())


def test_wheel_brings_every_source_file(wheel):
    sources = {
        file.relative_to(folder.parent).as_posix()
        for folder in map(ROOT.joinpath, _package_folders())
        for file in folder.rglob("*.py")
    }
    assert sources <= set(wheel.namelist())


def test_plain_install_needs_the_sdk_and_nothing_of_the_server(wheel):
    metadata = next(name for name in wheel.namelist() if name.endswith("/METADATA"))
    needed = [
        line.removeprefix("Requires-Dist: ")
        for line in wheel.read(metadata).decode().splitlines()
        if line.startswith("Requires-Dist: ") and "extra ==" not in line
    ]
    assert [requirement.split(">=")[0] for requirement in needed] == ["openai", "tenacity", "tqdm"]


def test_sdist_can_be_built_from_and_carries_no_caches(sdist_names):
    assert {Path("pyproject.toml"), Path("README.md"), Path("LICENSE")} <= set(sdist_names)
    caches = {".venv", ".cache", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
    assert [name for name in sdist_names if caches & set(name.parts)] == []


def _package_folders():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def test_without_the_server_extra_the_console_script_says_what_to_install():
    blocked = "import sys; sys.modules.update(dict.fromkeys(['typer', 'fastapi', 'msgspec']))"
    script = f"{blocked}; from quorate_server.cli.entry import main; main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    assert "pip install 'quorate[" in done.stderr
    assert "Traceback" not in done.stderr
