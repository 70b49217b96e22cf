"""Whether everybody can be served in time: a schedulability test, earliest deadline first."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from math import inf


@dataclass(frozen=True, slots=True)
class Task:
    """One request as a schedule sees it: so many slots at once, for so long, until then.

    `seconds` on the engine; `end_by` on the scheduler's clock, infinite where nothing is promised.
    """

    slots: int
    seconds: float
    end_by: float = inf


def ends(free_at: Sequence[float], tasks: Sequence[Task]) -> list[float]:
    """When each task would end, if slots are given out in the tasks' order.

    `free_at` says of every slot there is when it becomes free. A task that wants more slots than
    there are gets all of them. Nobody overtakes: a task begins after those before it have begun.
    """
    free = list(free_at)
    heapify(free)
    begin, told = -inf, []
    for task in tasks:
        taken = [heappop(free) for _ in range(min(task.slots, len(free)))]
        begin = max([begin, *taken])
        told.append(begin + task.seconds)
        for _ in taken:
            heappush(free, begin + task.seconds)
    return told


def in_vain(free_at: Sequence[float], tasks: Sequence[Task], latest: Sequence[float]) -> list[int]:
    """Which tasks would not begin before their `latest` time, as indices; otherwise as `ends`.

    These take no slots from those behind them.
    """
    free = list(free_at)
    heapify(free)
    begin, vain = -inf, []
    for index, (task, last) in enumerate(zip(tasks, latest, strict=True)):
        taken = [heappop(free) for _ in range(min(task.slots, len(free)))]
        at = max([begin, *taken])
        if at > last:
            vain.append(index)
        else:
            begin, taken = at, [at + task.seconds] * len(taken)
        for slot in taken:
            heappush(free, slot)
    return vain


def late_s(
    free_at: Sequence[float], before: Sequence[Task], newcomer: Task, behind: Sequence[Task]
) -> float:
    """By how much a newcomer would be late, or would make somebody behind it late; 0.0 for not.

    Who would be late without it is not its fault.
    """
    tasks = [*before, newcomer, *behind]
    place = len(before)
    late = [end - task.end_by for end, task in zip(ends(free_at, tasks), tasks, strict=True)]
    if max(late[place:]) <= 0.0:
        return 0.0
    without = ends(free_at, [*before, *behind])[place:]
    blamed = [
        late_by
        for late_by, end, task in zip(late[place + 1 :], without, behind, strict=True)
        if end <= task.end_by
    ]
    return max(0.0, late[place], *blamed)


def slack_s(free_at: Sequence[float], tasks: Sequence[Task]) -> float:
    """How much later all slots could become free with nobody late for it; 0.0 where one is late."""
    spare = (task.end_by - end for end, task in zip(ends(free_at, tasks), tasks, strict=True))
    return max(0.0, min(spare, default=inf))
