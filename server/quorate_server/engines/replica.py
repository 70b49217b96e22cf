"""One engine as the gateway sees it: where it is, what it serves, how busy it is."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quorate_sampling.closers import PreparedClosing
from quorate_sampling.engine import Engine
from quorate_sampling.labels import LabelScorer, PreparedLabels, prepare_labels
from quorate_sampling.pace import Pace
from quorate_sampling.planning import AnswerLengths
from quorate_server.admission.admission import MAX_QUEUE, Admission
from quorate_server.admission.demand import Demand, UnderLoad
from quorate_server.admission.limit import AdaptiveLimit
from quorate_server.admission.prompt_length import PromptLength
from quorate_server.admission.ticket import Ticket
from quorate_server.engines.abort import abort_requests
from quorate_server.engines.closing import closing_in_words, prepare_closing
from quorate_server.engines.labels import HttpLabelScorer
from quorate_server.errors import EngineUnavailable, ModelNotFound
from quorate_server.upstream import Header, Upstream

KEPT_LABELS = 32
"""Sets of labels whose token ids are remembered."""


@dataclass(slots=True, eq=False)
class Replica:
    """A running engine and the models it serves.

    `in_flight` is our own count: an engine's gauges lag by seconds. `model_ids` are the names the
    engine answers to; `headers` what every request to it carries (its API key).
    """

    upstream: Upstream
    engine: Engine
    model_ids: tuple[str, ...]
    headers: Sequence[Header] = ()
    max_model_len: int | None = None
    abort_by_id: bool = False
    """Whether `abort` works here; elsewhere a request is ended by closing its connection."""
    pace: Pace = field(default_factory=Pace)
    """How fast it was lately, for planning deadlines."""
    served: tuple[tuple[str, ...], str | None] | None = None
    """The models and the engine's version that `pace` is of; None before they are known."""
    closings: dict[str, PreparedClosing] = field(default_factory=dict)
    """Prepared once for each opener: see `prepared_closing`."""
    answers: defaultdict[tuple[str, bool], AnswerLengths] = field(
        default_factory=lambda: defaultdict(AnswerLengths)
    )
    """How long forced answers were, by the opener before them and whether a grammar ruled them."""
    labels: dict[tuple[str, ...], PreparedLabels] = field(default_factory=dict)
    """Prepared once for each of the sets asked for lately: see `prepared_labels`."""
    capacity: int | None = None
    """How many sequences the engine runs at once; None where that is not known."""
    ready: bool = True
    max_queue: int = MAX_QUEUE
    """Requests that may wait for it."""
    under_load: UnderLoad | None = None
    """What gives way when it is busy; None leaves it to the model's family."""
    state_dir: Path | None = None
    """Where its pace is kept; None keeps it nowhere."""
    pace_file: Path | None = None
    """The file in it, once it is known what the engine is."""
    prompt_length: PromptLength = field(default_factory=PromptLength)
    in_flight: int = field(default=0, init=False)
    admission: Admission = field(init=False)
    """Who is let in, who waits."""

    def __post_init__(self) -> None:
        self.admission = Admission(AdaptiveLimit(self.capacity), max_queue=self.max_queue)

    @property
    def gives_way(self) -> UnderLoad:
        """What gives way when it is busy: see `UnderLoad`."""
        if self.under_load is not None:
            return self.under_load
        closing = self.engine.closing
        worthless = closing is not None and closing.cut_thoughts == "worthless"
        return "refuse" if worthless else "shorten"

    async def abort(self, request_ids: Sequence[str]) -> None:
        """Ask the engine to end requests by the `x-request-id` they were sent with.

        Each then ends by itself, with its exact usage. Does nothing where the engine cannot.
        """
        if self.abort_by_id:
            await abort_requests(self.upstream, self.headers, request_ids)

    async def take_down(self, upstream: Upstream) -> None:
        """Out of service: what is under way fails now, rather than wait for an engine that is gone.

        `upstream` takes the place of the old one, whose connections are closed.
        """
        await self.leave(upstream).aclose()

    def leave(self, upstream: Upstream) -> Upstream:
        """Out of service, but for what is under way: that goes on over the old upstream, returned.

        `upstream` takes its place.
        """
        self.ready = False
        self.admission.turn_away()
        old, self.upstream = self.upstream, upstream
        return old

    async def prepared_closing(self, *, boxed: bool) -> PreparedClosing | None:
        """How to close a thought here, `boxed` leading into a boxed answer; None if that cannot be.

        Raises EngineError where the engine cannot be asked for the token ids.
        """
        closing = self.engine.closing
        if closing is None or not self.engine.abilities.token_ids:
            return None
        opener = closing.boxed_opener if boxed else ""
        if opener not in self.closings:
            self.closings[opener] = await prepare_closing(self.engine, closing, opener)
        return self.closings[opener]

    def closing_in_words(self, *, boxed: bool) -> PreparedClosing | None:
        """The same where the engine has no token ids; None where it has, or does not think."""
        closing, abilities = self.engine.closing, self.engine.abilities
        if closing is None or abilities.token_ids:
            return None
        return closing_in_words(closing, abilities, closing.boxed_opener if boxed else "")

    async def prepared_labels(self, labels: tuple[str, ...]) -> PreparedLabels | None:
        """The labels in this engine's token ids; None where they cannot be scored by it.

        Raises LabelsInvalid and EngineError: see `prepare_labels`.
        """
        found = self.labels.pop(labels, None) or await prepare_labels(self.engine, labels)
        if found is not None:
            self.labels[labels] = found
        if len(self.labels) > KEPT_LABELS:
            del self.labels[next(iter(self.labels))]
        return found

    def label_scorer(self, asked: Mapping[str, Any]) -> LabelScorer:
        """What looks up labels here; `asked` is the client's request."""
        return HttpLabelScorer(self.upstream, self.headers, asked)

    @contextmanager
    def lease(self, samples: int = 1) -> Iterator[None]:
        """Count one request, of so many samples, for as long as it lasts, however it ends."""
        self.in_flight += 1
        self.admission.relay(samples)
        try:
            yield
        finally:
            self.in_flight -= 1
            self.admission.relay(-samples)

    @asynccontextmanager
    async def entered(self, demand: Demand) -> AsyncIterator[Ticket]:
        """Be let in by its admission, and counted as a request; raises what `Admission` does."""
        async with self.admission.entered(demand) as ticket:
            self.in_flight += 1
            try:
                yield ticket
            finally:
                self.in_flight -= 1


@dataclass(slots=True)
class ReplicaPool:
    """All replicas; picks the least busy one that serves a model."""

    replicas: list[Replica] = field(default_factory=list)

    def models(self) -> tuple[str, ...]:
        """Every model id some replica serves, in a stable order."""
        return tuple(dict.fromkeys(m for r in self.replicas for m in r.model_ids))

    def serves(self, model: str) -> bool:
        return any(model in r.model_ids for r in self.replicas)

    @property
    def samples_in_flight(self) -> int:
        """Samples being drawn on all of them."""
        return sum(replica.admission.in_flight for replica in self.replicas)

    def pick(self, model: str) -> Replica:
        """The ready replica of `model` with the fewest requests in flight; see `ready`."""
        return min(self.ready(model), key=lambda r: r.in_flight)

    def others(self, model: str, tried: Collection[Replica]) -> list[Replica]:
        """The ready replicas of `model` but those tried, the least busy first; maybe none."""
        ready = [r for r in self.replicas if r.ready and model in r.model_ids and r not in tried]
        return sorted(ready, key=lambda r: r.in_flight)

    def ready(self, model: str) -> list[Replica]:
        """The ready replicas of `model`, at least one.

        Raises ModelNotFound, or EngineUnavailable where the model's replicas are all down or an
        engine has never been reached, which may turn out to serve it.
        """
        serving = [r for r in self.replicas if model in r.model_ids]
        if not serving and any(not r.model_ids for r in self.replicas):
            raise EngineUnavailable(f"No engine of `{model}` has been reached so far.")
        if not serving:
            known = ", ".join(self.models()) or "none yet"
            raise ModelNotFound(
                f"The model `{model}` does not exist. Models served here: {known}.", param="model"
            )
        ready = [r for r in serving if r.ready]
        if not ready:
            raise EngineUnavailable(f"The engine of `{model}` is starting or restarting.")
        return ready
