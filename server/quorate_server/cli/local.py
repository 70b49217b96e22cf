"""A server of one's own for as long as a command runs."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx

from quorate_server.cli.asking import AskFailed

READY_WITHIN_S = 240.0
STOP_WITHIN_S = 20.0


@contextmanager
def local_server(arguments: Sequence[str] = ()) -> Iterator[str]:
    """Start `quorate serve` on a free port and yield its URL once it is ready; then stop it.

    The server tells its own progress and failures on stderr. Raises AskFailed if it ends early.
    """
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "quorate_server.cli", "serve", "--port", str(port)]
    process = subprocess.Popen([*command, *arguments], stdout=subprocess.DEVNULL)
    try:
        _wait_until_ready(url, process)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    give_up_at = time.monotonic() + READY_WITHIN_S
    with httpx.Client(base_url=url, timeout=2.0) as client:
        while time.monotonic() < give_up_at:
            if process.poll() is not None:
                raise AskFailed("The local server did not start.")
            try:
                if client.get("/ready").status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.2)
    raise AskFailed(f"The local server was not ready within {READY_WITHIN_S:.0f} s.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
