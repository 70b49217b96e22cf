import importlib.metadata
import importlib.util
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from quorate_server.engines.families import UNKNOWN, Family
from quorate_server.engines.launch import (
    BUNDLED_MODEL,
    CPU_SEQUENCES,
    EngineBuild,
    check_engine_args,
    engine_command,
    free_port,
    installed_build,
    sequences_at_once,
)
from quorate_server.errors import StartupError

CPU = EngineBuild("0.32.0", on_cpu=True)
GPU = EngineBuild("0.33.0", on_cpu=False)
R1 = Family("r1", "deepseek_r1", None)


def following(argv: Sequence[str], flag: str) -> str:
    return argv[list(argv).index(flag) + 1]


def test_the_command_names_model_address_and_parser() -> None:
    command = engine_command("org/m", served_names=("a", "b"), port=9, family=R1, build=GPU)
    argv = command.argv
    assert argv[:3] == (sys.executable, "-m", "vllm.entrypoints.openai.api_server")
    assert following(argv, "--model") == "org/m"
    assert following(argv, "--host") == "127.0.0.1"
    assert following(argv, "--port") == "9"
    assert following(argv, "--reasoning-parser") == "deepseek_r1"
    assert argv[argv.index("--served-model-name") + 1 :][:2] == ("a", "b")
    assert "--enable-scale-out" in argv
    assert following(argv, "--scheduling-policy") == "priority"
    assert "--enforce-eager" not in argv
    assert command.niceness == 0


def test_the_users_arguments_come_last_and_so_win() -> None:
    extra = ("--max-model-len", "2048", "--scheduling-policy", "fcfs")
    command = engine_command(
        "org/m", served_names=("a",), port=9, family=UNKNOWN, build=CPU, extra_args=extra
    )
    assert command.argv[-4:] == extra
    assert "--enforce-eager" in command.argv
    assert command.niceness > 0
    assert "VLLM_CPU_KVCACHE_SPACE" in command.env
    assert "--reasoning-parser" not in command.argv


def test_a_cache_of_the_users_choice_is_not_overruled_by_the_environment() -> None:
    extra = ("--kv-cache-memory-bytes=2147483648",)
    command = engine_command(
        "org/m", served_names=("a",), port=9, family=UNKNOWN, build=CPU, extra_args=extra
    )
    assert "VLLM_CPU_KVCACHE_SPACE" not in command.env


def test_the_environment_is_quiet_and_what_the_user_set_stays() -> None:
    environ = {"PATH": "/bin", "VLLM_CPU_KVCACHE_SPACE": "3", "PYTHONDONTWRITEBYTECODE": "1"}
    command = engine_command(
        "org/m", served_names=("a",), port=9, family=R1, build=CPU, environ=environ, cores=64
    )
    assert command.env == {
        "PATH": "/bin",
        "VLLM_CPU_KVCACHE_SPACE": "3",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "TORCHDYNAMO_DISABLE": "1",
    }
    assert "PYTHONDONTWRITEBYTECODE" in environ


@pytest.mark.parametrize(
    ("build", "extra", "environ", "disabled"),
    [
        (CPU, (), {}, "1"),
        (CPU, (), {"TORCHDYNAMO_DISABLE": "0"}, "0"),
        (CPU, ("--no-enforce-eager",), {}, None),
        (GPU, (), {}, None),
    ],
    ids=["on CPU", "as the user has it", "compiled by the user's wish", "on GPU"],
)
def test_an_eager_engine_on_cpu_never_stops_to_compile(
    build: EngineBuild, extra: tuple[str, ...], environ: dict[str, str], disabled: str | None
) -> None:
    command = engine_command(
        "org/m",
        served_names=("a",),
        port=9,
        family=UNKNOWN,
        build=build,
        extra_args=extra,
        environ=environ,
    )
    assert command.env.get("TORCHDYNAMO_DISABLE") == disabled


@pytest.mark.parametrize(
    ("build", "cores", "environ", "processes", "threads"),
    [
        (CPU, 2, {}, "0", "1"),
        (CPU, 1, {}, "0", "1"),
        (CPU, 4, {"OMP_NUM_THREADS": "2"}, "0", "2"),
        (CPU, 2, {"VLLM_ENABLE_V1_MULTIPROCESSING": "1"}, "1", "1"),
        (CPU, 2, {"VLLM_CPU_OMP_THREADS_BIND": "0"}, None, None),
        (CPU, 16, {}, None, None),
        (GPU, 2, {}, None, None),
    ],
    ids=[
        "few cores",
        "a single one",
        "threads as the user has them",
        "processes as the user has them",
        "cores chosen by the user",
        "many cores",
        "on GPU",
    ],
)
def test_on_few_cores_no_process_spins_while_another_computes(
    build: EngineBuild,
    cores: int,
    environ: dict[str, str],
    processes: str | None,
    threads: str | None,
) -> None:
    command = engine_command(
        "org/m",
        served_names=("a",),
        port=9,
        family=UNKNOWN,
        build=build,
        environ=environ,
        cores=cores,
    )
    assert command.env.get("VLLM_ENABLE_V1_MULTIPROCESSING") == processes
    assert command.env.get("OMP_NUM_THREADS") == threads


def test_a_local_model_needs_no_network_and_the_bundled_one_little_memory(tmp_path: Path) -> None:
    def env(model: str) -> dict[str, str]:
        command = engine_command(
            model, served_names=("a",), port=9, family=R1, build=CPU, environ={}
        )
        return dict(command.env)

    assert env(str(tmp_path))["HF_HUB_OFFLINE"] == "1"
    assert "HF_HUB_OFFLINE" not in env("org/m")
    assert env(str(BUNDLED_MODEL))["VLLM_CPU_KVCACHE_SPACE"] == "1"


@pytest.mark.parametrize("arg", ["--port", "--port=1", "--model", "--served_model_name=x"])
def test_arguments_that_are_ours_to_set_are_refused(arg: str) -> None:
    with pytest.raises(StartupError):
        check_engine_args(["--max-num-seqs", "4", arg])


def test_a_taken_port_is_replaced() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) != port
    assert free_port(port) == port


def versions(**installed: str) -> Callable[[str], str]:
    def version(name: str) -> str:
        try:
            return installed[name.replace("-", "_")]
        except KeyError:
            raise importlib.metadata.PackageNotFoundError(name) from None

    return version


@pytest.mark.parametrize(
    ("installed", "build"),
    [
        ({"vllm_cpu": "0.32.0"}, EngineBuild("0.32.0", on_cpu=True)),
        ({"vllm": "0.32.0+cpu"}, EngineBuild("0.32.0+cpu", on_cpu=True)),
        ({"vllm": "0.33.0"}, EngineBuild("0.33.0", on_cpu=False)),
    ],
)
def test_the_installed_build_is_found_without_importing_it(
    installed: dict[str, str], build: EngineBuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    monkeypatch.setattr(importlib.metadata, "version", versions(**installed))
    assert installed_build() == build
    assert "vllm" not in sys.modules


def test_without_vllm_the_extras_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(StartupError, match=r"quorate\[cpu\]"):
        installed_build()


@pytest.mark.parametrize(
    ("args", "on_cpu", "sequences"),
    [
        ((), True, CPU_SEQUENCES),
        ((), False, None),
        (("--max-num-seqs", "64"), False, 64),
        (("--max-num-seqs=32",), True, 32),
        (("--max_num_seqs", "8"), True, 8),
        (("--max-num-seqs", "auto"), False, None),
    ],
)
def test_how_many_sequences_run_at_once_is_known_where_it_was_said(
    args: tuple[str, ...], on_cpu: bool, sequences: int | None
) -> None:
    assert sequences_at_once(EngineBuild("0.32", on_cpu), args) == sequences
