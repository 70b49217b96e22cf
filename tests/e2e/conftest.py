"""A real `quorate serve` on the bundled model, for every test here that wants one."""

import importlib.util
import os
from collections.abc import Iterator

import pytest

from quorate_server.engines.launch import BUNDLED_MODEL
from tests.e2e.served import Served, serving


@pytest.fixture(scope="session")
def needs_engine() -> None:
    """Skips where no engine can be started; in CI, which has to have one, fails."""
    missing = None
    if importlib.util.find_spec("vllm") is None:
        missing = "vLLM is not installed"
    elif not (BUNDLED_MODEL / "model.safetensors").is_file():
        missing = "the bundled model is missing"
    if missing is not None:
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)


@pytest.fixture(scope="session")
def served(needs_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The session's server, ready. Leave it as it was: everybody shares it."""
    with serving(tmp_path_factory.mktemp("served")) as server:
        server.wait_until_ready(120)
        yield server
        left = server.terminate()
    assert not left, f"the engine outlived the gateway: {left}"


@pytest.fixture(scope="session")
def base_url(served: Served) -> str:
    """Of the gateway, without `/v1`."""
    return served.base_url


@pytest.fixture(scope="session")
def engine_url(served: Served) -> str:
    """Of the vLLM server behind it, without `/v1`."""
    return served.engine_url()
