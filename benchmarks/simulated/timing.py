"""How long the steps of a continuous-batching engine take: a 7-B model on one GPU, by its roofline.

No clock in here: `Batch.step` says what one step did and how many seconds it takes, so that the
same engine runs in virtual time and behind a socket in real time.

A step costs

    overhead + max(weights / bandwidth, operations / compute) + KV read / bandwidth

(a roofline: Williams et al. 2009; decoding is bound by memory, reading a prompt by arithmetic: Pope
et al. 2022, arXiv 2211.05102). Scheduling is that of vLLM's V1: running sequences first, a token
each, then prompts in pieces as far as the step's token budget goes (Sarathi, arXiv 2308.16369), at
most `max_sequences` at once, the waiting ordered by priority, then by arrival.
"""

import bisect
import random
from dataclasses import dataclass, field
from itertools import count

BLOCK_TOKENS = 16
"""The prefix cache shares whole blocks only."""


@dataclass(frozen=True, slots=True)
class Costs:
    """A model on a GPU. Times come out in seconds.

    `bandwidth` (bytes/s) and `compute` (floating-point operations/s) are what serving reaches, not
    what the data sheet promises; `kv_bytes` is one token's share of the cache, over all layers;
    `attention_flops` what a prompt token costs for each token before it. `cache_tokens`: how many
    tokens the cache holds. `jitter` is the σ of a step's log-normal noise.
    """

    parameters: float
    weight_bytes: float
    kv_bytes: float
    attention_flops: float
    bandwidth: float
    compute: float
    overhead_s: float
    cache_tokens: int
    max_sequences: int = 256
    step_tokens: int = 2048
    jitter: float = 0.03

    def step_s(self, tokens: int, attended: int, context_tokens: int) -> float:
        """One step over `tokens` tokens, new and prompt.

        `attended`: for each prompt token the tokens before it, summed. `context_tokens`: what is
        read of the KV cache.
        """
        arithmetic_s = (tokens * 2 * self.parameters + attended * self.attention_flops) / (
            self.compute
        )
        weights_s = self.weight_bytes / self.bandwidth
        cache_s = context_tokens * self.kv_bytes / self.bandwidth
        return self.overhead_s + max(weights_s, arithmetic_s) + cache_s


QWEN_7B_ON_H100 = Costs(
    # Qwen2.5-7B: 28 layers, width 3,584, 4 key-value heads of 128, BF16 (its config.json).
    parameters=7.6e9,
    weight_bytes=15.2e9,
    kv_bytes=2 * 28 * 4 * 128 * 2,
    attention_flops=4 * 28 * 3584,
    # H100 SXM data sheet: 3.35 TB/s and 989 TFLOPS BF16, of which serving sees three quarters and
    # two fifths. A step of one sequence is then 8 ms, one of 256 some 16 ms; prompts are read at
    # 22,000 tokens/s.
    bandwidth=0.75 * 3.35e12,
    compute=0.40 * 989e12,
    # Scheduling, launching and sampling around the forward pass.
    overhead_s=0.002,
    # 90 % of 80 GB, less the weights and 5 GB of activations.
    cache_tokens=int((72e9 - 15.2e9 - 5e9) / (2 * 28 * 4 * 128 * 2)),
)


@dataclass(frozen=True, slots=True)
class Request:
    """One sequence to generate. It ends after `output_tokens` tokens.

    `cached_tokens` of its prompt are in the cache as it arrives. Lower `priority` goes first.
    """

    id: str
    prompt_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    priority: int = 0

    def __post_init__(self) -> None:
        if self.prompt_tokens < 1 or self.output_tokens < 1:
            raise ValueError("a sequence has at least one token of prompt and one of output")


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did. `tokens`: who got a token; `ended`: who of these got the last one."""

    seconds: float
    tokens: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()


@dataclass(slots=True)
class _Sequence:
    request: Request
    computed: int
    """Tokens of prompt and output whose keys and values are in the cache."""
    generated: int = 0

    @property
    def prompt_left(self) -> int:
        return self.request.prompt_tokens - self.computed

    @property
    def room(self) -> int:
        return self.request.prompt_tokens + self.request.output_tokens


@dataclass(slots=True)
class Batch:
    """The sequences of one engine. Not simulated: preemption (who does not fit whole waits)."""

    costs: Costs = QWEN_7B_ON_H100
    seed: int = 0
    _running: dict[str, _Sequence] = field(default_factory=dict)
    _waiting: list[tuple[int, int, Request]] = field(default_factory=list)
    _arrivals: "count[int]" = field(default_factory=count)
    _held_tokens: int = 0
    _noise: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._noise = random.Random(self.seed)

    @property
    def running(self) -> int:
        """Sequences being generated, those whose prompt is still read included."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def idle(self) -> bool:
        return not self._running and not self._waiting

    def add(self, request: Request) -> None:
        """Queue a request for the next step. Raises ValueError where it can never fit."""
        if request.prompt_tokens + request.output_tokens > self.costs.cache_tokens:
            raise ValueError(f"{request.id} does not fit into the cache")
        bisect.insort(self._waiting, (request.priority, next(self._arrivals), request))

    def drop(self, request_id: str) -> None:
        """Abort one, running or waiting; unknown ones are left alone."""
        sequence = self._running.pop(request_id, None)
        if sequence is not None:
            self._held_tokens -= sequence.room
        else:
            self._waiting = [entry for entry in self._waiting if entry[2].id != request_id]

    def step(self) -> Step:
        """Generate: one token for each sequence whose prompt is read, and the next of the prompts.

        On an idle engine nothing happens, and it takes no time.
        """
        budget = self.costs.step_tokens
        spent = attended = context = 0
        told: list[str] = []
        ended: list[str] = []
        for sequence in self._scheduled():
            if spent == budget:
                break
            before = sequence.computed
            new = 1 if sequence.prompt_left <= 0 else min(sequence.prompt_left, budget - spent)
            if sequence.prompt_left > 0:
                attended += new * before + new * (new - 1) // 2
            sequence.computed += new
            spent += new
            context += before
            if sequence.prompt_left > 0:
                continue
            sequence.generated += 1
            told.append(sequence.request.id)
            if sequence.generated == sequence.request.output_tokens:
                ended.append(sequence.request.id)
        for request_id in ended:
            self.drop(request_id)
        if not spent:
            return Step(0.0)
        noise = self._noise.lognormvariate(0.0, self.costs.jitter)
        return Step(self.costs.step_s(spent, attended, context) * noise, tuple(told), tuple(ended))

    def _scheduled(self) -> list[_Sequence]:
        """The running ones in the order they came, then whoever of the waiting has room."""
        budget = self.costs.step_tokens - sum(
            max(1, sequence.prompt_left) for sequence in self._running.values()
        )
        while self._waiting and budget > 0 and len(self._running) < self.costs.max_sequences:
            request = self._waiting[0][2]
            room = request.prompt_tokens + request.output_tokens
            if self._held_tokens + room > self.costs.cache_tokens:
                break
            del self._waiting[0]
            # The last token of a prompt is always computed: the first new one comes out of it.
            shared = min(request.cached_tokens, request.prompt_tokens - 1)
            sequence = _Sequence(request, computed=shared - shared % BLOCK_TOKENS)
            self._running[request.id] = sequence
            self._held_tokens += room
            budget -= sequence.prompt_left
        return list(self._running.values())
