"""What `ask` can be asked for, and the request that says so."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypedDict

from openai.types.chat import ChatCompletionMessageParam

from quorate.deadline import Deadline

OnExpiry = Literal["raise", "partial"]


class Wishes(TypedDict, total=False):
    """The keyword arguments of `ask` and `ask_many`; what is left out is the server's to choose."""

    model: str | None
    """The client's, or the only one served."""
    system: str | None
    """A system message before the question."""
    messages: Iterable[ChatCompletionMessageParam] | None
    """A whole conversation instead of a question."""
    deadline: float | Deadline | None
    """Seconds from the call; the client's or the scope's holds if it is nearer."""
    on_expiry: OnExpiry | None
    """When the deadline passes: `raise` DeadlineExceeded, or return the leading vote so far."""
    on_miss: Literal["answer", "error"] | None
    """When no whole thought fits: a hurried `answer`, or an `error`, DeadlineExceeded."""
    samples: int | None
    """Drawn at most."""
    min_samples: int | None
    min_confidence: float | None
    """Below it, or where it is not known, LowConfidence is raised."""
    min_agreement: float | None
    preset: Literal["fast", "balanced", "sure"] | None
    answer_type: str | Mapping[str, Any] | None
    fields: Mapping[str, Any] | None
    voting: str | Mapping[str, Any] | None
    early_stop: str | Mapping[str, Any] | None
    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    seed: int | None
    stop: str | Sequence[str] | None
    consensus: Mapping[str, Any] | None
    """Fields of the request's `consensus` that have no argument here."""
    extra_body: Mapping[str, Any] | None
    """Fields of the request's body that have no argument here."""
    extra_headers: Mapping[str, str] | None


_CONSENSUS = {
    "samples": "max_samples",
    "min_samples": "min_samples",
    "min_confidence": "min_confidence",
    "min_agreement": "min_agreement",
    "preset": "preset",
    "answer_type": "answer_type",
    "fields": "fields",
    "voting": "voting",
    "early_stop": "early_stop",
}
_SAMPLING = ("temperature", "top_p", "max_tokens", "seed", "stop")
_KNOWN = Wishes.__annotations__.keys()


def check(wishes: Wishes) -> None:
    """Raises TypeError for an argument there is none of, as a call with a wrong keyword does, and
    ValueError for an `on_expiry` there is none of."""
    for name in wishes.keys() - _KNOWN:
        raise TypeError(f"ask() got an unexpected keyword argument '{name}'; see `extra_body`.")
    if wishes.get("on_expiry") not in (None, "raise", "partial"):
        raise ValueError("`on_expiry` is either 'raise' or 'partial'.")


def messages_of(question: str | None, wishes: Wishes) -> list[Any]:
    """The conversation that is sent. Raises ValueError unless there is just one way to read it."""
    messages, system = wishes.get("messages"), wishes.get("system")
    if (question is None) == (messages is None):
        raise ValueError("Give either a question or `messages`.")
    conversation: list[Any] = [{"role": "user", "content": question}]
    if messages is not None:
        conversation = list(messages)
    if system is not None:
        conversation.insert(0, {"role": "system", "content": system})
    return conversation


def body_of(wishes: Wishes, *, progress: bool) -> dict[str, Any]:
    """The request's fields beside model and messages; with `progress` votes come as they fall."""
    given: Mapping[str, Any] = wishes
    consensus = dict(given.get("consensus") or {})
    for name, field in _CONSENSUS.items():
        if given.get(name) is not None:
            consensus[field] = given[name]
    if progress:
        consensus.setdefault("progress", True)
    others = {name: given[name] for name in _SAMPLING if given.get(name) is not None}
    if given.get("on_miss") is not None:
        others["deadline"] = {"on_miss": given["on_miss"]}
    return {"consensus": consensus or True, **others, **(given.get("extra_body") or {})}
