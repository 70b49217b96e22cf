"""All engines of one server, built from its settings."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from quorate_sampling.engine import Abilities
from quorate_server.engines.attached import AttachedEngine
from quorate_server.engines.families import (
    UNKNOWN,
    Family,
    family_of,
    family_with_closer,
    family_with_parser,
)
from quorate_server.engines.launch import (
    BUNDLED_MODEL,
    check_engine_args,
    engine_command,
    installed_build,
    sequences_at_once,
)
from quorate_server.engines.launched import LaunchedEngine, Patience
from quorate_server.engines.model_card import is_local, read_card
from quorate_server.engines.replica import Replica, ReplicaPool
from quorate_server.engines.vllm import HttpEngine
from quorate_server.errors import StartupError
from quorate_server.http1 import HttpOrigin
from quorate_server.settings import ServeSettings
from quorate_server.upstream import Header


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who is told how the engines come up: each phase of a start, each engine that is ready."""

    on_phase: Callable[[str], None] = lambda _phase: None
    on_ready: Callable[[Replica], None] = lambda _replica: None


@dataclass(frozen=True, slots=True)
class Fleet:
    """The engines and the pool of their replicas. `run` keeps them until cancelled."""

    engines: tuple[LaunchedEngine | AttachedEngine, ...]
    pool: ReplicaPool = field(default_factory=ReplicaPool)

    async def run(self) -> None:
        """Keep all engines running or watched. Raises StartupError where one cannot be started."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for engine in self.engines:
                    tasks.create_task(engine.run())
        except* StartupError as failures:
            raise _first(failures) from None
        finally:
            for replica in self.pool.replicas:
                await replica.upstream.aclose()


def fleet_from(settings: ServeSettings, watcher: Watcher | None = None) -> Fleet:
    """The engines that the settings ask for. Raises StartupError where they cannot be had."""
    watcher = watcher or Watcher()
    if settings.engines:
        if settings.model is not None:
            raise StartupError(
                "--model starts an engine and --engine attaches to one: give either."
            )
        pairs = zip(settings.engines, settings.engine_keys(), strict=True)
        replicas = [_attached_replica(url, key, settings) for url, key in pairs]
        closing = _with_closer(UNKNOWN, settings).closing  # None: the model's family says
        engines = tuple(
            AttachedEngine(r, closing=closing, on_ready=watcher.on_ready) for r in replicas
        )
        return Fleet(engines, ReplicaPool(replicas))
    launched = _launched(settings, watcher)
    return Fleet((launched,), ReplicaPool([launched.replica]))


def _attached_replica(url: str, key: str | None, settings: ServeSettings) -> Replica:
    base_url = url.rstrip("/").removesuffix("/v1")
    headers: Sequence[Header] = ()
    if key is not None:
        headers = ((b"authorization", b"Bearer " + key.encode()),)
    try:
        upstream = HttpOrigin(base_url)
    except ValueError as error:
        raise StartupError(f"--engine: {error}.") from error
    engine = HttpEngine(upstream, name=base_url, abilities=Abilities(), headers=headers)
    return Replica(
        upstream,
        engine,
        (),
        headers,
        max_queue=settings.max_queue,
        under_load=settings.under_load,
        state_dir=settings.state_dir,
        ready=False,
    )


def _launched(settings: ServeSettings, watcher: Watcher) -> LaunchedEngine:
    model = settings.model or str(BUNDLED_MODEL)
    if settings.model is None and not (BUNDLED_MODEL / "config.json").is_file():
        raise StartupError(f"The bundled model is missing from {BUNDLED_MODEL}.")
    check_engine_args(settings.engine_args)
    build = installed_build()
    family = _with_closer(_family(model, settings.reasoning_parser), settings)
    names = settings.served_model_names or (_default_name(model),)
    return LaunchedEngine(
        names[0],
        model_ids=names,
        family=family,
        command=lambda port: engine_command(
            model,
            served_names=names,
            port=port,
            family=family,
            build=build,
            extra_args=settings.engine_args,
        ),
        connect_to=HttpOrigin,
        capacity=sequences_at_once(build, settings.engine_args),
        max_queue=settings.max_queue,
        under_load=settings.under_load,
        state_dir=settings.state_dir,
        on_phase=watcher.on_phase,
        on_ready=watcher.on_ready,
        patience=Patience(ready_s=settings.ready_timeout_s),
    )


def _family(model: str, parser: str | None) -> Family:
    card = read_card(model)
    if parser is None:
        return family_of(card)
    if parser == "none":
        return replace(family_of(card), parser=None)
    return family_with_parser(parser, card)


def _with_closer(family: Family, settings: ServeSettings) -> Family:
    """The family, with the user's own words for closing its thoughts where there are any."""
    if settings.closer is not None:
        return family_with_closer(
            family,
            settings.closer,
            answer_opener=settings.answer_opener,
            think_end=settings.think_end,
        )
    if settings.answer_opener is not None or settings.think_end is not None:
        raise StartupError("--answer-opener and --think-end go with --closer.")
    return family


def _default_name(model: str) -> str:
    """A folder's own name: the path to it is nobody's business."""
    return Path(model).expanduser().resolve().name if is_local(model) else model


def _first(group: BaseExceptionGroup[StartupError]) -> StartupError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, StartupError)
    return error
