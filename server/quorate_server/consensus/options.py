"""The `consensus` object of a request: read, checked, its defaults filled in."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from quorate_sampling.presets import PRESETS
from quorate_server.errors import CalibrationMissing, NotSupportedYet, RequestError

MAX_SAMPLES = 256

ContentMode = Literal["sample", "answer", "json"]

_LATER: dict[str, frozenset[str]] = {
    "early_stop": frozenset({"dirichlet", "window", "doubling", "sprt", "bayes"}),
    "answer_type": frozenset({"json", "code"}),
    "voting": frozenset(
        {
            "logprob",
            "cisc",
            "self_certainty",
            "tail_confidence",
            "short_first",
            "mean",
            "median",
        }
    ),
    "on_low_confidence": frozenset({"abstain"}),
    "select": frozenset({"merge"}),
}
"""Values of the contract that this version does not have yet."""

_LATER_FIELDS = ("fields", "min_agreement", "max_tokens_total", "max_cost_usd")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EarlyStop(_Strict):
    """A stopping rule with its parameters."""

    rule: Literal["none", "margin", "beta"]
    margin: int | None = Field(default=None, ge=1, le=MAX_SAMPLES, description="votes ahead")
    threshold: float | None = Field(default=None, gt=0.5, lt=1, description="lead stability")

    @model_validator(mode="after")
    def _only_its_own_parameters(self) -> "EarlyStop":
        for name, owner in (("margin", "margin"), ("threshold", "beta")):
            if getattr(self, name) is not None and self.rule != owner:
                raise ValueError(f"`{name}` is no parameter of the rule `{self.rule}`")
        return self


class ConsensusOptions(_Strict):
    """Draw a group and answer by its vote. `true` and a number of samples are short forms."""

    max_samples: int | None = Field(default=None, ge=2, le=MAX_SAMPLES, description="drawn at most")
    min_samples: int | None = Field(
        default=None, ge=1, le=MAX_SAMPLES, description="finished before an early stop"
    )
    preset: Literal["fast", "balanced", "sure"] = "balanced"
    early_stop: Literal["auto", "none", "margin", "beta"] | EarlyStop = "auto"
    answer_type: Literal["auto", "math", "number", "choice", "text"] = "auto"
    voting: Literal["majority"] = "majority"
    on_low_confidence: Literal["return"] = "return"
    select: Literal["medoid"] = "medoid"
    content: ContentMode = Field(default="sample", description="what `message.content` carries")
    progress: bool = Field(default=False, description="stream `consensus_progress` chunks")
    return_samples: bool = False


def read_options(value: Any) -> ConsensusOptions | None:
    """Options from the body's `consensus` value; None where no group is asked for.

    Raises RequestError (400) naming the field at fault, NotSupportedYet for what the contract has
    and this version has not, and CalibrationMissing for `min_confidence`.
    """
    if value is None or value is False:
        return None
    if value is True:
        return ConsensusOptions()
    if isinstance(value, int):
        value = {"max_samples": value}
    if not isinstance(value, dict):
        raise RequestError(
            "`consensus` must be true, a number of samples or an object.", param="consensus"
        )
    _refuse_later_parts(value)
    given = {k: v for k, v in value.items() if k not in (*_LATER_FIELDS, "min_confidence")}
    try:
        options = ConsensusOptions.model_validate(given, strict=True)
    except ValidationError as error:
        raise _told(error) from None
    limits = limits_of(options)
    if limits[0] > limits[1]:
        raise RequestError(
            f"`consensus.min_samples` ({limits[0]}) is more than `max_samples` ({limits[1]}).",
            param="consensus.min_samples",
        )
    return options


def limits_of(options: ConsensusOptions) -> tuple[int, int]:
    """(min_samples, max_samples), the preset's where the request does not say."""
    preset = PRESETS[options.preset]
    most = options.max_samples or max(preset.max_samples, options.min_samples or 0)
    least = options.min_samples or min(preset.min_samples, most)
    return least, most


def _refuse_later_parts(value: dict[str, Any]) -> None:
    for name in _LATER_FIELDS:
        if value.get(name) is not None:
            raise NotSupportedYet(
                f"`consensus.{name}` is not supported by this version.", param=f"consensus.{name}"
            )
    if value.get("min_confidence") is not None:
        raise CalibrationMissing(
            "`consensus.min_confidence` needs a calibration, and there is none for this model. "
            "Agreement, which every answer states, is the uncalibrated alternative "
            "(`min_agreement`, in a later version).",
            param="consensus.min_confidence",
        )
    for name, later in _LATER.items():
        asked = value.get(name)
        rule = asked.get("rule") if name == "early_stop" and isinstance(asked, dict) else asked
        kind = name != "early_stop" and isinstance(asked, dict)
        if kind or (isinstance(rule, str) and rule in later):
            raise NotSupportedYet(
                f"`consensus.{name}`: {rule!r} is not supported by this version.",
                param=f"consensus.{name}",
            )


def _told(error: ValidationError) -> RequestError:
    errors = error.errors(include_url=False, include_context=False)
    same_field = [e for e in errors if e["loc"][:1] == errors[0]["loc"][:1]]
    first = max(same_field, key=lambda e: len(e["loc"]))  # of a union, the branch that got furthest
    path = [str(part) for part in first["loc"]]
    if path[:1] == ["early_stop"] and len(path) > 1:
        path = ["early_stop", *path[2:]]  # pydantic names the union's branch in between
    where = ".".join(["consensus", *path])
    unknown = first["type"] == "extra_forbidden"
    said = "is not a field of it" if unknown else first["msg"][:1].lower() + first["msg"][1:]
    return RequestError(f"`{where}`: {said}.", param=where)
