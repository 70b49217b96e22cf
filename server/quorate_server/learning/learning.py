"""What a server learns from the groups it answers and from what people say of them."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from quorate_server.errors import FeedbackUnknownId
from quorate_server.learning.drift import DriftWindow
from quorate_server.learning.feedback import Feedback
from quorate_server.learning.finished import Finished, line_of, with_texts
from quorate_server.learning.journal import Journal
from quorate_server.learning.labelling import Understood, understand
from quorate_server.learning.memory import GroupMemory
from quorate_server.learning.profiles import ProfileStore
from quorate_verifiers import Canonical, Equivalence, Kind


@dataclass(frozen=True, slots=True)
class Learning:
    """Remembers the groups that were answered, records them where asked to, takes feedback, and
    has the calibration `profiles` that came of earlier ones.

    `recording` gets every group, `feedback` those that people judged; each is None where it is
    not wanted. With `texts` the questions are in their lines too, and in a recording what the
    samples wrote. What was `expected` is compared by the relation that `equivalence` gives for a
    kind of answer, a new one for each feedback.
    """

    memory: GroupMemory = field(default_factory=GroupMemory)
    recording: Journal | None = None
    feedback: Journal | None = None
    texts: bool = False
    profiles: ProfileStore = field(default_factory=ProfileStore)
    equivalence: Callable[[Kind], Equivalence] = lambda _kind: Canonical()
    clock: Callable[[], float] = time.time
    said: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """Feedbacks by model and by whether they called the answer right."""
    windows: dict[tuple[str, str], DriftWindow] = field(default_factory=dict)
    """By model and profile."""

    def take(self, finished: Finished) -> None:
        """Take in a group that was answered. Waits for nothing, and writes nothing itself."""
        line, weight = line_of(finished, self.clock()), finished.weight
        told, texts = line, 0
        if self.texts:
            told, texts = with_texts(line, finished.question, finished.group)
            line["question"] = finished.question
            weight += len(finished.question)
        self.memory.keep(line, weight)
        if self.recording is not None:
            self.recording.offer(told, weight + texts)

    async def judge(self, feedback: Feedback) -> Understood:
        """Take in what somebody said of an answer; the last word on an answer counts.

        Raises FeedbackUnknownId, RequestError where it does not fit the answer, and
        FeedbackNotRecorded where the disk does not take it.
        """
        line = self.memory.recall(feedback.request_id)
        if line is None:
            raise FeedbackUnknownId(
                f"No answer `{feedback.id}` is remembered: only answers by vote are, the latest "
                "ones, until the server is started anew.",
                param="id",
            )
        understood = await understand(feedback, line, self.equivalence(line["answer_type"]))
        if self.feedback is not None:
            await self.feedback.append(understood.line)
        self.said[line["model"], understood.correct] += 1
        if line["confidence"] is not None:
            window = self.windows.setdefault((line["model"], line["profile"] or ""), DriftWindow())
            window.add(line["id"], line["confidence"], correct=understood.correct)
        return understood

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """For as long as the context is open: write what is recorded, follow the profiles."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.profiles.watched())
            for journal in (self.recording, self.feedback):
                if journal is not None:
                    await stack.enter_async_context(journal.writing())
            yield
