"""Groups of samples: drawn over any `Engine`, counted, stopped in time. No server is needed.

`examples/library_group.py` draws a group over an engine of one's own. Beside what is named here:

- `stopping.RULES` and `voting.VOTINGS`, the rules and votings by name, `presets.PRESETS`;
- `cutting`, `fields`, `labels`: traces cut short, JSON answers field by field, classification;
- `recorded` and `replay`: groups that were drawn before, and rules tried on them;
- `calibration`: from labelled groups to a confidence.
"""

from quorate_sampling.closers import Closing, PreparedClosing
from quorate_sampling.drawing import Prompt
from quorate_sampling.engine import (
    Abilities,
    Continuation,
    Delta,
    Draw,
    Engine,
    EngineUsage,
    Sample,
    SampleStream,
)
from quorate_sampling.group import Group, GroupPlan, Progress, SampleCounts, draw_group
from quorate_sampling.pace import Pace
from quorate_sampling.reading import Reading, TokenScores
from quorate_sampling.turns import TextClosing, Turn
from quorate_sampling.votes import Vote

__all__ = [
    "Abilities",
    "Closing",
    "Continuation",
    "Delta",
    "Draw",
    "Engine",
    "EngineUsage",
    "Group",
    "GroupPlan",
    "Pace",
    "PreparedClosing",
    "Progress",
    "Prompt",
    "Reading",
    "Sample",
    "SampleCounts",
    "SampleStream",
    "TextClosing",
    "TokenScores",
    "Turn",
    "Vote",
    "draw_group",
]
