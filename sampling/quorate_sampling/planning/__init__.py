"""What to do with the time there is: how many samples, with how much thought, until when."""

from quorate_sampling.planning.answers import AnswerLengths
from quorate_sampling.planning.budget import thinking_budget
from quorate_sampling.planning.course import Course
from quorate_sampling.planning.net import SafetyNet
from quorate_sampling.planning.outlook import Outlook, Speed, outlook
from quorate_sampling.planning.plan import Mode, Plan
from quorate_sampling.planning.planner import Allowed, plan
from quorate_sampling.planning.timekeeper import Timekeeper

__all__ = [
    "Allowed",
    "AnswerLengths",
    "Course",
    "Mode",
    "Outlook",
    "Plan",
    "SafetyNet",
    "Speed",
    "Timekeeper",
    "outlook",
    "plan",
    "thinking_budget",
]
