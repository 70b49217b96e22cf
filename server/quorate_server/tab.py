"""One request's running bill: every sample put on it once, booked once."""

from dataclasses import dataclass

from quorate_sampling.closers import find
from quorate_sampling.engine import EngineUsage, Sample
from quorate_server.ledger import Bill, Prices


@dataclass(slots=True)
class Tab:
    """Collects a request's samples as they end. `end_ids` mark the end of a thought, if known."""

    model: str
    kind: str
    end_ids: tuple[int, ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cancelled_tokens: int = 0
    reasoning_tokens: int = 0
    aside_tokens: int = 0
    """Prompt tokens of what was asked beside the samples."""
    exact: bool = True

    def add(self, sample: Sample) -> None:
        """Put a sample on the tab; what it generated counts, whatever became of it."""
        usage = sample.usage
        self.prompt_tokens = max(self.prompt_tokens, usage.prompt_tokens)
        self.completion_tokens += usage.completion_tokens
        self.exact = self.exact and usage.exact
        self.cancelled_tokens += _cancelled_tokens(sample)
        thought = reasoning_tokens(sample, self.end_ids)
        self.reasoning_tokens += min(thought, usage.completion_tokens)

    def add_aside(self, usage: EngineUsage) -> None:
        """Put on the tab what was asked beside the samples: with a prompt of its own."""
        self.aside_tokens += usage.prompt_tokens
        self.completion_tokens += usage.completion_tokens
        self.exact = self.exact and usage.exact

    def bill(self) -> Bill:
        """The bill as it stands."""
        return Bill(
            model=self.model,
            kind=self.kind,
            prompt_tokens=self.prompt_tokens + self.aside_tokens,
            completion_tokens=self.completion_tokens,
            cancelled_tokens=self.cancelled_tokens,
            reasoning_tokens=self.reasoning_tokens,
            exact=self.exact,
        )


def _cancelled_tokens(sample: Sample) -> int:
    """How much of what a sample generated is no part of any answer: all of a cancelled one, and of
    one whose thought went on beside its forced answer what it thought further, or that answer."""
    generated = sample.usage.completion_tokens
    if sample.state == "cancelled":
        return generated
    if sample.cut_short:
        return 0
    if sample.forced_span is None or sample.forced_by != "ids":
        return min(sample.probe_tokens, generated)
    start, end = sample.forced_span
    return max(0, generated - (len(sample.token_ids) - (end - start)))


def reasoning_tokens(sample: Sample, end_ids: tuple[int, ...]) -> int:
    """How many of a sample's own tokens were thought.

    Exact where token ids are known. Without them nothing is claimed of a sample that answered,
    and one that never got that far thought all of it.
    """
    if sample.forced_span is not None:
        return sample.forced_span[0]
    if not sample.reasoning:
        return 0
    ended_at = find(end_ids, sample.token_ids) if end_ids else None
    if ended_at is not None:
        return ended_at
    return 0 if sample.content else sample.usage.completion_tokens


def wire_usage(bill: Bill, prices: Prices | None) -> dict[str, object]:
    """`usage` as OpenAI has it for n choices, with Quorate's own two keys."""
    return {
        "prompt_tokens": bill.prompt_tokens,
        "completion_tokens": bill.completion_tokens,
        "total_tokens": bill.prompt_tokens + bill.completion_tokens,
        "completion_tokens_details": {
            "reasoning_tokens": bill.reasoning_tokens,
            "cancelled_tokens": bill.cancelled_tokens,
        },
        "cost": None if prices is None else prices.cost_usd(bill),
        "estimated": not bill.exact,
    }
