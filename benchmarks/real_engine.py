"""A real vLLM on the bundled model, started as `quorate serve` starts it."""

from benchmarks.targets import Target
from quorate_server.engines.families import family_of
from quorate_server.engines.launch import BUNDLED_MODEL, engine_command, installed_build
from quorate_server.engines.model_card import read_card


def vllm() -> Target:
    """vLLM by itself; it answers to `abacus`, and to `m` as every target does."""
    model = str(BUNDLED_MODEL)
    command = engine_command(
        model,
        served_names=("abacus", "m"),
        port=0,
        family=family_of(read_card(model)),
        build=installed_build(),
    )
    argv = list(command.argv)
    argv[argv.index("--port") + 1] = "{port}"
    return Target("vLLM", tuple(argv), dict(command.env))
