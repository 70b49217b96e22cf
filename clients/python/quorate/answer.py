"""What `ask` gives: one answer, and all that is known of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from dataclasses import fields as fields_of
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion

Number = int | Decimal | Fraction
"""Exact, as the model meant it: 46, 0.1 or 1/3; `float(value)` where that is wanted."""


@dataclass(frozen=True, slots=True)
class Vote:
    """Samples that gave the same answer."""

    answer: str
    count: int
    weight: float
    sample_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldAnswer:
    """The vote on one field of a JSON answer."""

    value: Any
    agreement: float
    confidence: float | None
    missing: int
    votes: tuple[Vote, ...]


@dataclass(frozen=True, slots=True)
class LabelScore:
    """One label of a classification; scores of all labels sum to 1."""

    label: str
    score: float
    probability: float | None
    """That the label is right; only where it is calibrated."""
    count: int


@dataclass(frozen=True, slots=True)
class Cost:
    """The bill of a call, cancelled samples included."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cancelled_tokens: int = 0
    usd: float | None = None
    """None where the server knows no prices."""
    estimated: bool = False

    @property
    def tokens(self) -> int:
        """Of prompt and completions together."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class Timings:
    """Where the time went, in milliseconds."""

    budget_ms: float | None
    """What the caller had; None without a deadline."""
    client_ms: float
    """From the call to the answer, retries included."""
    server_ms: float | None = None
    """From the first byte at the server to its response, of the attempt that answered."""
    met: bool | None = None
    """Whether the deadline was met; None without one."""
    forced: int = 0
    """Samples whose thought was cut short to answer in time."""


Tell = Callable[..., None]
"""Tells a server whether an answer was right: (answer, correct=…, expected=…, fields=…)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, its confidence and its votes.

    A `partial` one is the leading vote of the samples that had finished when the deadline passed:
    its confidence is not known, unless the server had decided already and only the text of the
    sample was still on its way.
    """

    value: Any
    """A number's is int, Decimal or Fraction; that of JSON is decoded; else the text. None when
    the server abstained or nothing could be read."""
    text: str | None
    """The answer as the server wrote it."""
    answer_type: str | None
    confidence: float | None
    confidence_reason: str | None
    """Why the confidence is None."""
    agreement: float | None
    agreement_low: float | None
    votes: tuple[Vote, ...]
    abstained: bool
    stop_reason: str | None
    timings: Timings
    cost: Cost = Cost()
    fields: Mapping[str, FieldAnswer] | None = None
    """Of JSON answers, by JSON Pointer."""
    review: tuple[str, ...] = ()
    """Pointers of the fields below their own threshold."""
    labels: tuple[LabelScore, ...] | None = None
    partial: bool = False
    id: str | None = None
    """The completion's, by which feedback names it; None of a partial answer that has none yet."""
    completion: "ChatCompletion | None" = field(default=None, repr=False)
    """The response as OpenAI's client gives it; None of a partial answer."""
    tell: Tell | None = field(default=None, repr=False, compare=False)

    def __getstate__(self) -> list[Any]:
        """For pickle: in another process there is no client to tell."""
        return [
            None if each.name == "tell" else getattr(self, each.name) for each in fields_of(self)
        ]

    def feedback(
        self,
        *,
        correct: bool | None = None,
        expected: Any = None,
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell the server whether this answer was right: calibration data.

        Either `correct`, or what was `expected`. An answer of `AsyncQuorate` is told of with
        `await client.feedback(answer, …)`: here it raises RuntimeError.
        """
        if self.tell is None:
            raise RuntimeError(
                "This answer has no client to tell: `await client.feedback(answer, …)`."
            )
        self.tell(self, correct=correct, expected=expected, fields=fields)
