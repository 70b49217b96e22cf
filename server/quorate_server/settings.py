"""What `quorate serve` can be told, by command line or environment: read once, then handed down."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from quorate_server.admission.demand import UnderLoad
from quorate_server.errors import StartupError
from quorate_server.ledger import Prices

LogLevel = Literal["debug", "info", "warning", "error"]
_Words = Annotated[tuple[str, ...], NoDecode]
_Secrets = Annotated[tuple[SecretStr, ...], NoDecode]


class ServeSettings(BaseSettings):
    """The settings of one server.

    Each can be set in the environment as `QUORATE_<NAME>`; lists are separated by commas there.
    """

    model_config = SettingsConfigDict(env_prefix="QUORATE_", frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    """0 takes any free port."""
    log_level: LogLevel = "info"

    model: str | None = None
    """A folder, or a name on the Hub; None is the bundled model."""
    served_model_names: _Words = ()
    """What clients call the model; by default its name, or its folder's."""
    reasoning_parser: str | None = None
    """vLLM's name for it, `none` for none; by default that of the model's family."""
    closer: str | None = None
    """The text that ends a thought here, in place of that of the model's family."""
    answer_opener: str | None = None
    """The text behind the closer that leads into an answer."""
    think_end: str | None = None
    """The marker by which the model itself ends a thought; `closer` has to contain it."""
    engine_args: tuple[str, ...] = ()
    """Passed on to vLLM as they are."""
    ready_timeout_s: float = Field(default=3600.0, gt=0)

    engines: _Words = ()
    """URLs of running engines to attach to, instead of starting one."""
    engine_key_env: _Words = ("QUORATE_ENGINE_KEY",)
    """Names of environment variables with the engines' API keys: one for all, or one for each."""

    api_keys: _Secrets = ()
    """Keys that clients must send one of; none: everybody is let in."""
    max_body_bytes: int = Field(default=32 * 2**20, gt=0)
    body_timeout_s: float = Field(default=30.0, gt=0)
    head_timeout_s: float = Field(default=10.0, gt=0)
    shutdown_timeout_s: float = Field(default=10.0, ge=0)
    """What requests under way get to end when the server is asked to stop."""
    write_timeout_s: float = Field(default=30.0, gt=0)
    """A client that reads nothing of its answer for so long is taken for gone."""

    max_queue: int = Field(default=256, ge=0)
    """Requests that may wait for an engine, each engine's; what is over it is refused."""
    under_load: UnderLoad | None = None
    """What gives way when an engine is busy: everybody's thinking (`shorten`), or that of requests
    with no time for a whole thought, which are answered without one (`triage`) or refused
    (`refuse`); None: by what cut thoughts are worth in the model's family."""
    max_samples_in_flight: int = Field(default=16_384, gt=0)
    """Samples drawn at once by all engines together; what is over it is refused."""
    hedge_share: float = Field(default=0.0, ge=0, le=0.05)
    """What part of the draws may be sent to a second engine as well, when the first is slow to
    begin; 0 sends none."""
    trust_client_timeout: bool = False
    """Take the read timeout that OpenAI's SDKs tell for a deadline."""
    state_dir: Path | None = None
    """A folder where what was learned of the engines' pace outlives the server; None keeps none."""

    prompt_price: float | None = Field(default=None, ge=0)
    completion_price: float | None = Field(default=None, ge=0)
    """What tokens cost, USD a million; without both, answers state no cost."""

    embedding_model: str | None = None
    """A folder, or a name on the Hub, of a sentence-transformers model: texts of like meaning may
    then be counted together, where a request asks for that."""

    profiles: Path | None = None
    """A folder of calibration profiles, followed while the server runs."""
    record: Path | None = None
    """A file that every group answered by vote is appended to, for replaying and calibrating."""
    feedback: Path | None = None
    """A file that groups are appended to when feedback says whether their answer was right."""
    record_texts: bool = False
    """Record questions too, and in `record` what the samples wrote."""
    record_max_bytes: int = Field(default=2**30, ge=2**20)
    """What either file may have; when it is full, one older file is kept beside it."""
    feedback_memory: int = Field(default=10_000, ge=0)
    """The latest answers that feedback can be given on (within 64 MiB)."""

    @field_validator("served_model_names", "engines", "engine_key_env", "api_keys", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word for part in value.split(",") if (word := part.strip()))
        return value

    def prices(self) -> Prices | None:
        """Both prices; None where one is missing."""
        if self.prompt_price is None or self.completion_price is None:
            return None
        return Prices(self.prompt_price, self.completion_price)

    def engine_keys(self, environ: Mapping[str, str] = os.environ) -> tuple[str | None, ...]:
        """The API key of each engine of `engines`, None where its variable is not set.

        White space around a key is dropped: files that keys are read from end with a line break.
        Raises StartupError where the variables named are neither one nor as many as the engines,
        or a key holds what no header may.
        """
        names = self.engine_key_env
        if len(names) == 1:
            names *= len(self.engines)
        if len(names) != len(self.engines):
            raise StartupError(
                f"{len(self.engines)} engines but {len(names)} names of key variables:"
                " give one name for all, or one for each."
            )
        return tuple(_key(name, environ.get(name, "")) for name in names)


def _key(name: str, value: str) -> str | None:
    key = value.strip()
    if not key.isprintable():
        raise StartupError(f"The key in {name} holds a line break or another control character.")
    return key or None
