"""What a group needs of an engine: the seam between sampling and anything that generates.

Everything in this package runs against these types alone: a vLLM server behind HTTP, an
in-process model or a script in a test are all engines.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from quorate_sampling.closers import Closing
from quorate_sampling.reading import TokenScores
from quorate_sampling.turns import Turn
from quorate_verifiers.errors import QuorateError


@dataclass(frozen=True, slots=True)
class Abilities:
    """What an engine can do, probed once; what it cannot is done another way or said."""

    token_ids: bool = False
    """Returns prompt and generated token ids, and takes a prompt as token ids."""
    abort_by_id: bool = False
    """Ends a request by id and still reports its exact usage."""
    exact_usage: bool = False
    """Reports usage at the end of a stream."""
    stream_interval: bool = False
    """Batches streamed tokens on request, which spares both sides' CPU."""
    n: bool = False
    """Draws several choices in one request."""
    thinking_budget: bool = False
    """Ends a thought after a number of tokens by itself, and really does."""
    goes_on: bool = False
    """Goes on with an assistant's message that is not finished."""
    thinking_off: bool = False
    """Answers without a thought where the request says so (`enable_thinking`)."""
    priority: bool = False
    """Takes what has the lower `priority` first."""


@dataclass(frozen=True, slots=True)
class EngineUsage:
    """Tokens of one request as the engine counted them; `exact` is False for a stated bound."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    exact: bool = True

    def followed_by(self, continuation: "EngineUsage") -> "EngineUsage":
        """With a continuation of the same sample: its prompt is what was already counted."""
        return EngineUsage(
            self.prompt_tokens or continuation.prompt_tokens,
            self.completion_tokens + continuation.completion_tokens,
            self.exact and continuation.exact,
        )


@dataclass(frozen=True, slots=True)
class Delta:
    """One piece of a sample, as it comes off the engine's stream."""

    reasoning: str = ""
    content: str = ""
    token_ids: tuple[int, ...] = ()
    prompt_token_ids: tuple[int, ...] | None = None
    """In the first piece only, where the engine gives them."""
    logprobs: tuple[Mapping[str, Any], ...] = ()
    """OpenAI's chat shape, one entry a token."""
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    """OpenAI's streamed shape, passed on as it came."""
    finish_reason: str | None = None
    """`stop`, `length`, `tool_calls` …; `abort` where the stream was stopped on request."""
    usage: EngineUsage | None = None
    elsewhere: bool = False
    """On the first piece: it comes from another engine than the one that was asked, and its times
    tell nothing of that one."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One completion to draw: a single sample, in the client's own terms.

    `body` is the client's request without Quorate's fields: what the engine gets but for the
    fields below. `chat` is False for a text completion, all of whose text is content.
    `sample_id` is of our own making and unique: it is the engine's request id.
    `thinking_tokens` is the longest thought the engine is to allow, where it can; a gateway that
    means it keeps a timer of its own.
    `priority`: lower ones go first, where the engine schedules by it; None leaves what `body` says.
    """

    sample_id: str
    body: Mapping[str, Any]
    chat: bool = True
    seed: int | None = None
    max_tokens: int | None = None
    stream_interval: int = 16
    thinking_tokens: int | None = None
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class Continuation:
    """A sample to go on with from exact token ids: prompt + generated + closer.

    `turn` stands in for the ids where the engine has none; `priority` is as with `Draw`.
    """

    sample_id: str
    body: Mapping[str, Any]
    """The client's request again, for its sampling settings."""
    token_ids: Sequence[int]
    max_tokens: int
    seed: int | None = None
    stream_interval: int = 16
    turn: Turn | None = None
    priority: int | None = None


class SampleStream(Protocol):
    """One sample while it is being drawn: iterate for its pieces.

    The last piece carries `finish_reason` and `usage`. Leaving early without `stop` must be
    followed by `aclose`, which aborts the generation on the engine.
    """

    def __aiter__(self) -> AsyncIterator[Delta]: ...

    async def stop(self) -> None:
        """Ask the engine to end now; the iterator then yields the tail, and its usage."""

    async def aclose(self) -> None:
        """Free everything; the engine stops generating if it had not finished. Idempotent."""


class Engine(Protocol):
    """A process that generates."""

    @property
    def name(self) -> str:
        """For logs and metrics: which replica this is."""

    @property
    def abilities(self) -> Abilities: ...

    @property
    def closing(self) -> Closing | None:
        """How a thought of this engine's model is ended; None where it does not think."""

    def draw(self, draw: Draw) -> SampleStream:
        """Start one sample. Raises EngineError on iteration, never here."""

    def resume(self, continuation: Continuation) -> SampleStream:
        """Go on with a cut sample. Content only, for the thought has been closed, unless the
        engine thinks anew before it answers what it is asked in a turn of its own."""

    async def tokenize(self, text: str) -> tuple[int, ...]:
        """Token ids of a piece of text, without special tokens added around it."""

    async def prompt_ids(self, body: Mapping[str, Any]) -> tuple[int, ...]:
        """Token ids of a chat request's prompt, chat template applied."""


SampleState = Literal["finished", "cut", "cancelled", "failed"]

ForcedBy = Literal["ids", "text", "engine"]
"""Who closed a thought: we, going on from exact token ids, or from the text, which a chat template
may render otherwise than it was generated; or the engine, at its thinking budget."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One drawn completion, whole or as far as it came.

    `state`: `finished` (ended by itself or at its token limit), `cut` (the time was up in the
    middle of its answer), `cancelled` (stopped before it had begun to answer, or needed no more),
    `failed` (the engine lost it; `error` says how).

    A cutter may have stopped it (`cut_short`): one that is `cancelled` was discarded; one that is
    `finished` was asked for its answer beside its thought, which then ends where it was asked, with
    `forced_span` behind it and the reply, drawn greedily, as its answer. `usage` is of everything
    that was generated: what the thought went on to after that, and every other reply, too.
    """

    index: int
    state: SampleState
    reasoning: str = ""
    content: str = ""
    token_ids: tuple[int, ...] = ()
    forced_span: tuple[int, int] | None = None
    """Positions [start, end) in `token_ids` of the closer: not drawn from the model.

    None where nothing is known of tokens, though the thought was closed (`forced_by`)."""
    forced_by: ForcedBy | None = None
    thought_tokens: int | None = None
    """How many of its own tokens are its thought; None where that is not known."""
    logprobs: tuple[Mapping[str, Any], ...] = ()
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    finish_reason: str | None = None
    usage: EngineUsage = EngineUsage()
    seconds: float = 0.0
    error: QuorateError | None = None
    scores: TokenScores | None = None
    """How sure the model was of its tokens; None where the engine told no log-probabilities.

    Of all that were drawn for it but for probes; `logprobs` has only what the client asked for.
    """
    cut_short: bool = False
    """Whether a cutter stopped it."""
    probe_tokens: int = 0
    """Tokens of `usage` that were generated for probes, whose replies are not part of it."""

    @property
    def forced(self) -> bool:
        """Whether the thought was closed for it."""
        return self.forced_by is not None or self.forced_span is not None
