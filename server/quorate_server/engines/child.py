"""Runs one command and makes sure that nothing of it outlives the gateway.

    python child.py GATEWAY_PID GRACE_S NICENESS COMMAND …

vLLM is a tree of processes, and a crash may leave its workers behind. This process sits between
the gateway and that tree, in a session of its own:

- standard input is a pipe that only the gateway holds: its end means that the gateway is gone,
  however it died, and so does SIGHUP, which the kernel sends when the parent dies (Linux);
- SIGTERM asks the command to end; what is left after GRACE_S is killed;
- when the command ends, whatever it left is killed. On Linux orphans are handed to this process
  (PR_SET_CHILD_SUBREAPER), so even those that changed their process group are found.

NICENESS (0 to 19) lets others on the same cores go first.

It exits as the command did (128 + n for signal n). Run as a script with the standard library
alone: it has to start in milliseconds and work whatever is installed.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
ORPHAN_GRACE_S = 1.0
"""What the command gets for tidying up when the gateway has died."""
DYING_S = 15.0
"""How long a killed process may take to give its memory back, on a busy machine."""
ENDED = "quorate: the engine has ended with status"
"""Written to the output as soon as the command has ended: its workers may take seconds to die."""


def main(gateway_pid: int, grace_s: float, niceness: int, command: list[str]) -> int:
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _only_wake)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    _prctl(PR_SET_PDEATHSIG, signal.SIGHUP)
    if os.getppid() != gateway_pid:
        return 1
    _yield_to_others(niceness)

    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_die_with_parent)
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error}\n")
        return 127
    code = _wait(child, wake_read, grace_s)
    status = 128 - code if code < 0 else code
    _report(f"{ENDED} {status}")
    _kill_all()
    return status


def _wait(child: "subprocess.Popen[bytes]", wake_read: int, grace_s: float) -> int:
    """The command's exit status, once it has ended or was made to."""
    kill_at: float | None = None
    watched = [0, wake_read]
    while child.poll() is None:
        patience = None if kill_at is None else max(0.0, kill_at - time.monotonic())
        ready = select.select(watched, [], [], patience)[0]
        signals = os.read(wake_read, 64) if wake_read in ready else b""
        gone = signal.SIGHUP in signals
        if 0 in ready and not os.read(0, 64):
            watched.remove(0)
            gone = True
        if gone or signal.SIGTERM in signals:
            child.terminate()
            allowed = ORPHAN_GRACE_S if gone else grace_s
            at = time.monotonic() + allowed
            kill_at = at if kill_at is None else min(kill_at, at)
        if kill_at is not None and time.monotonic() >= kill_at:
            child.kill()
            return child.wait()
        _reap_orphans(child.pid)
    return child.returncode


def _report(line: str) -> None:
    try:
        os.write(1, f"\n{line}\n".encode())
    except OSError:  # nobody is left to read it
        return


def _reap_orphans(child_pid: int) -> None:
    """Collect ended orphans that were handed to us, but leave the command to its Popen."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid == child_pid:
            return
        os.waitpid(ended.si_pid, os.WNOHANG)


def _kill_all() -> None:
    """Kill every descendant that is left, until there is none."""
    give_up_at = time.monotonic() + DYING_S
    while time.monotonic() < give_up_at:
        for pid in _descendants(os.getpid()):
            _kill(pid)
        try:
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        except ChildProcessError:
            break
        time.sleep(0.01)
    if sys.platform != "linux":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, signal.SIGKILL)  # no list of descendants here: the group, ourselves included


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _descendants(pid: int) -> list[int]:
    """Every process below `pid`, the nearest first. Nothing where there is no /proc."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in brackets, may hold anything; state and parent follow it.
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it ended meanwhile
            continue
    found = [pid]
    for ancestor in found:
        found += [child for child, parent in parents.items() if parent == ancestor]
    return found[1:]


def _yield_to_others(niceness: int) -> None:
    os.nice(niceness)
    try:
        # Where Linux shares the cores among sessions first, `nice` counts within ours alone.
        Path("/proc/self/autogroup").write_text(str(niceness))
    except OSError:  # there are no such groups here
        return


def _die_with_parent() -> None:
    """Runs in the command's process before it starts: end with this one, even if it is killed."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _only_wake(_number: int, _frame: object) -> None:
    """A handler has to exist for the wake-up pipe to be written."""


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]))
