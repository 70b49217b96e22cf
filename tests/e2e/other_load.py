"""How much of the machine others had meanwhile: what is measured by the clock is also theirs."""

import os
from pathlib import Path

from tests.e2e.served import Served, group_members

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count() or 1
_IDLE = (3, 4)
"""Columns of /proc/stat in which nobody works: idle, and idle while a disk does."""


class OtherLoad:
    """From now on, the time that the cores work for other processes than a server to be started."""

    def __init__(self) -> None:
        self._busy_s = _busy_s()

    def seconds_beside(self, server: Served) -> float:
        """Seconds for which others had all cores, were it one after the other."""
        pids = (server.process.pid, *group_members(server.engine_group()))
        return max(0.0, _busy_s() - self._busy_s - sum(map(_used_s, pids))) / CORES


def _busy_s() -> float:
    """CPU seconds of everybody since the machine was started."""
    columns = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    return sum(int(c) for i, c in enumerate(columns) if i not in _IDLE) / TICKS_PER_S


def _used_s(pid: int) -> float:
    """CPU seconds of a process and of its children that have ended."""
    try:
        _, _, fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    except OSError:  # it ended meanwhile
        return 0.0
    return sum(map(int, fields.split()[11:15])) / TICKS_PER_S
