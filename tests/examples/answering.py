"""An engine that says what a test wants to each question, behind the real gateway."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from quorate_sampling.engine import Draw, SampleStream
from tests.sampling.scripted import PROMPT_IDS, Script, ScriptedEngine, ScriptedStream


@dataclass
class Answering(ScriptedEngine):
    """Plays the scripts of the first phrase that the last message has in it, in turn.

    The last one repeats.
    """

    by_phrase: Mapping[str, Sequence[Script]] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Samples drawn so far, by phrase."""

    def draw(self, draw: Draw) -> SampleStream:
        said = draw.body["messages"][-1]["content"]
        phrase = next(each for each in self.by_phrase if each in said)
        scripts = self.by_phrase[phrase]
        script = scripts[min(self.asked[phrase], len(scripts) - 1)]
        self.asked[phrase] += 1
        self.draws.append(draw)
        return self._stream(ScriptedStream(script, draw.stream_interval, PROMPT_IDS))
