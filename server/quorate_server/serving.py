"""One server's life: listen, bring the engines up, serve, and leave nothing behind."""

import asyncio
import contextlib
import errno
import gc
import logging
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
import uvloop

from quorate_server.app import create_app
from quorate_server.consensus.relations import relations_from
from quorate_server.deadlines import CLIENT_TIMEOUT_HEADERS, DEADLINE_HEADERS
from quorate_server.engines.fleet import Fleet, Watcher, fleet_from
from quorate_server.engines.hedge_budget import HedgeBudget
from quorate_server.errors import StartupError
from quorate_server.gateway.auth import ApiKeys
from quorate_server.gateway.hotpath import Limits
from quorate_server.learning.learning import Learning
from quorate_server.learning.opening import learning_from
from quorate_server.protocol import GatewayProtocol
from quorate_server.settings import ServeSettings

MACOS_MOST_FILES = 10_240
"""What macOS grants a process whose hard limit it calls unlimited (OPEN_MAX)."""

logger = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """uvicorn's server, with the signals left to us: its own handling ends the process before
    the engines could be stopped."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run_server(
    settings: ServeSettings,
    *,
    on_listening: Callable[[str], None] = lambda _url: None,
    on_phase: Callable[[str], None] = lambda _phase: None,
    on_ready: Callable[[tuple[str, ...]], None] = lambda _models: None,
) -> None:
    """Serve until SIGTERM or SIGINT. Blocks.

    `on_listening` gets the base URL, `on_phase` how far an engine's start has come, `on_ready`
    the models there are, each time an engine has become ready. Raises StartupError where the port
    is taken, a file cannot be written or an engine cannot be started; the engines are stopped in
    any case.
    """
    raise_open_file_limit()
    with _listen(settings.host, settings.port) as listener:
        fleet = fleet_from(settings, Watcher(on_phase, lambda _: on_ready(fleet.pool.models())))
        learning = learning_from(settings)
        on_listening(_url(settings.host, listener.getsockname()[1]))
        _spare_the_collector()
        uvloop.run(_serve(settings, fleet, learning, listener))


async def _serve(
    settings: ServeSettings, fleet: Fleet, learning: Learning, listener: socket.socket
) -> None:
    server = _Server(_config(settings, fleet, learning))
    _stop_on_signals(server)
    engines = asyncio.create_task(fleet.run())
    # Engines run until they are cancelled; one that ends by itself could not be started.
    engines.add_done_callback(lambda _task: setattr(server, "should_exit", True))
    try:
        await server.serve(sockets=[listener])
    finally:
        engines.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await engines


def _config(settings: ServeSettings, fleet: Fleet, learning: Learning) -> uvicorn.Config:
    class Protocol(GatewayProtocol):
        head_timeout_s = settings.head_timeout_s
        body_timeout_s = settings.body_timeout_s
        write_timeout_s = settings.write_timeout_s

    app: Any = create_app(
        fleet.pool,
        limits=Limits(
            max_body_bytes=settings.max_body_bytes, max_samples=settings.max_samples_in_flight
        ),
        api_keys=ApiKeys(key.get_secret_value() for key in settings.api_keys),
        prices=settings.prices(),
        learning=learning,
        relations=relations_from(settings.embedding_model),
        deadline_headers=_deadline_headers(settings),
        hedging=HedgeBudget(settings.hedge_share),
    )
    return uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=max(1, round(settings.shutdown_timeout_s)),
    )


def _deadline_headers(settings: ServeSettings) -> frozenset[bytes]:
    trusted = CLIENT_TIMEOUT_HEADERS if settings.trust_client_timeout else frozenset()
    return DEADLINE_HEADERS | trusted


def raise_open_file_limit() -> None:
    """Allow as many open files as the system lets us: a group of 40 samples holds 40 sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (ValueError, OSError):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, MACOS_MOST_FILES), hard))


def _spare_the_collector() -> None:
    """What is there by now stays: leave it out of garbage collection, and collect less often.

    A full collection in the middle of a burst shows in the slowest requests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def _stop_on_signals(server: uvicorn.Server) -> None:
    """The first signal lets requests under way end, the second drops them."""

    def stop() -> None:
        server.force_exit = server.should_exit
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises StartupError, in one sentence, where it cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise StartupError(f"{host} is no address to listen on: {error}.") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise StartupError(
                f"Port {port} on {host} is taken by another process: choose one with --port."
            ) from error
        if error.errno == errno.EACCES:
            raise StartupError(f"Port {port} needs privileges: choose one with --port.") from error
        raise StartupError(f"Cannot listen on {host}:{port}: {error.strerror}.") from error
    return listener


def _url(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    return f"http://{shown}:{port}"
