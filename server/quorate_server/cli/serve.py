"""`quorate serve`: the gateway, and the engine behind it."""

import logging
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.logging import RichHandler

from quorate_server.cli.progress import StartProgress
from quorate_server.errors import StartupError
from quorate_server.settings import ServeSettings

_Urls = Annotated[
    list[str] | None,
    typer.Option(
        "--engine",
        metavar="URL",
        help="Attach to a running vLLM server or another OpenAI-compatible endpoint, instead of"
        " starting one. Repeatable.",
    ),
]
_KeyNames = Annotated[
    list[str] | None,
    typer.Option(
        "--engine-key-env",
        metavar="NAME",
        help="Environment variable with the API key of the engines; repeat it for one each."
        " [default: QUORATE_ENGINE_KEY]",
    ),
]
_ApiKeyNames = Annotated[
    list[str] | None,
    typer.Option(
        "--api-key-env",
        metavar="NAME",
        help="Environment variable with an API key that clients must send. Repeatable.",
    ),
]
_Model = Annotated[
    str | None,
    typer.Option(help="A folder, or a model on the Hub. [default: the bundled `abacus`]"),
]
_Names = Annotated[
    list[str] | None,
    typer.Option("--served-model-name", help="What clients call the model. Repeatable."),
]
_Parser = Annotated[
    str | None,
    typer.Option(help="vLLM's reasoning parser, or `none`. [default: by the model's family]"),
]
_Profiles = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Calibration profiles; followed while the server runs."),
]
_Record = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Append every group answered by vote, as `quorate replay` reads it."
    ),
]
_Feedback = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Append the groups that POST /v1/feedback judges, as `quorate calibrate` reads them.",
    ),
]
_RecordTexts = Annotated[
    bool | None,
    typer.Option(
        "--record-texts", help="Record questions and samples' texts too. [default: no texts]"
    ),
]
_EmbeddingModel = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="A sentence-transformers model, a folder or on the Hub, to compare texts by.",
    ),
]
_Closer = Annotated[
    str | None,
    typer.Option(metavar="TEXT", help="What ends a thought. [default: by the model's family]"),
]
_AnswerOpener = Annotated[
    str | None,
    typer.Option(metavar="TEXT", help="What leads from a closed thought into an answer."),
]
_ThinkEnd = Annotated[
    str | None,
    typer.Option(metavar="TEXT", help="The marker by which the model ends a thought itself."),
]
_MaxQueue = Annotated[
    int | None,
    typer.Option(help="Requests that may wait for an engine, each engine's. [default: 256]"),
]
_UnderLoad = Annotated[
    str | None,
    typer.Option(
        metavar="shorten|triage|refuse",
        help="What gives way when an engine is busy: how long all think, or the thoughts of those"
        " without time for a whole one, who are answered at once or refused."
        " [default: by the model's family]",
    ),
]
_HedgeShare = Annotated[
    float | None,
    typer.Option(
        help="What part of the draws may go to a second engine too, when the first is slow to"
        " begin: at most 0.05. [default: 0]"
    ),
]
_TrustTimeout = Annotated[
    bool | None,
    typer.Option(
        "--trust-client-timeout",
        help="Take the `timeout=` that OpenAI's SDKs tell for a deadline. [default: no]",
    ),
]
_StateDir = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", help="Keep there what was learned of the engines' pace, for restarts."
    ),
]
_EngineArgs = Annotated[
    list[str] | None, typer.Argument(metavar="[-- ENGINE ARGS]", help="Passed on to vLLM.")
]


def serve(
    host: Annotated[str | None, typer.Option(help="[default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="0 takes a free one. [default: 8000]")] = None,
    model: _Model = None,
    engine: _Urls = None,
    engine_key_env: _KeyNames = None,
    served_model_name: _Names = None,
    reasoning_parser: _Parser = None,
    api_key_env: _ApiKeyNames = None,
    log_level: Annotated[
        str | None, typer.Option(help="debug, info, warning or error. [default: info]")
    ] = None,
    profiles: _Profiles = None,
    record: _Record = None,
    record_texts: _RecordTexts = None,
    feedback: _Feedback = None,
    embedding_model: _EmbeddingModel = None,
    closer: _Closer = None,
    answer_opener: _AnswerOpener = None,
    think_end: _ThinkEnd = None,
    max_queue: _MaxQueue = None,
    under_load: _UnderLoad = None,
    hedge_share: _HedgeShare = None,
    trust_client_timeout: _TrustTimeout = None,
    state_dir: _StateDir = None,
    engine_args: _EngineArgs = None,
) -> None:
    """Serve a reasoning model. Without options: the bundled one, on this machine.

    Every option can be set in the environment as QUORATE_<NAME> as well.
    """
    given = {
        "host": host,
        "port": port,
        "model": model,
        "engines": engine,
        "engine_key_env": engine_key_env,
        "served_model_names": served_model_name,
        "reasoning_parser": reasoning_parser,
        "log_level": log_level,
        "profiles": profiles,
        "record": record,
        "record_texts": record_texts,
        "feedback": feedback,
        "embedding_model": embedding_model,
        "closer": closer,
        "answer_opener": answer_opener,
        "think_end": think_end,
        "max_queue": max_queue,
        "under_load": under_load,
        "hedge_share": hedge_share,
        "trust_client_timeout": trust_client_timeout,
        "state_dir": state_dir,
        "engine_args": engine_args,
    }
    progress = StartProgress()
    try:
        settings = _settings(given, api_key_env)
        _log_to(progress, settings.log_level)
        _run(settings, progress)
    except StartupError as error:
        progress.end()
        typer.echo(f"quorate: {error.message}", err=True)
        for line in error.log_lines:
            typer.echo(f"    {line}", err=True)
        raise typer.Exit(1) from None
    finally:
        progress.end()


def _settings(given: dict[str, Any], api_key_names: list[str] | None) -> ServeSettings:
    if api_key_names:
        unset = [name for name in api_key_names if not os.environ.get(name)]
        if unset:
            raise StartupError(f"--api-key-env: {', '.join(unset)} is not set.")
        given["api_keys"] = [os.environ[name] for name in api_key_names]
    told = {name: value for name, value in given.items() if value not in (None, [])}
    try:
        return ServeSettings(**told)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise StartupError(f"{name} cannot be {first['input']!r}: {first['msg']}.") from None


def _run(settings: ServeSettings, progress: StartProgress) -> None:
    # Not before it is needed: `quorate --help` has no use for a server.
    from quorate_server.serving import run_server

    base_url = ""

    def listening(url: str) -> None:
        nonlocal base_url
        base_url = url
        if settings.engines:
            progress.phase(f"listening on {url}, waiting for {', '.join(settings.engines)}")

    def ready(models: tuple[str, ...]) -> None:
        seconds = progress.end()
        typer.echo(_welcome(base_url, models, seconds, locked=bool(settings.api_keys)))

    run_server(settings, on_listening=listening, on_phase=progress.phase, on_ready=ready)


def _welcome(url: str, models: tuple[str, ...], seconds: float, *, locked: bool) -> str:
    key = ' -H "Authorization: Bearer $QUORATE_API_KEY"' if locked else ""
    question = (
        f'{{"model": "{models[0]}", "consensus": true,'
        ' "messages": [{"role": "user", "content": "What is 17 + 25 * 3?"}]}'
    )
    return (
        f"Quorate serves {', '.join(models)} at {url}/v1 (ready after {seconds:.0f} s)\n\n"
        f"    curl {url}/v1/chat/completions -H 'Content-Type: application/json'{key} \\\n"
        f"      -d '{question}'\n"
    )


def _log_to(progress: StartProgress, level: str) -> None:
    handler: logging.Handler
    if progress.console.is_terminal:
        # Through the console, so that lines do not cut into the spinner.
        handler = RichHandler(console=progress.console, show_path=False, markup=False)
        handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    for name in ("quorate", "quorate_server", "quorate_sampling", "quorate_verifiers"):
        logging.getLogger(name).setLevel(level.upper())
