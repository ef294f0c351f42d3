"""Is the worker of a run still there?  Asked by managers and sweeps before they take a run over.

A process on this machine is looked up; one elsewhere counts as gone after STALE seconds without a new heartbeat.  The
time is counted by our own clock from when we first saw that heartbeat: clocks of machines differ, and laptops sleep.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from rlcsp_core.store import RunInfo, RunState

STALE = 30.0  # s


class Outcome(NamedTuple):
    """How a run ends whose worker does not say so itself."""

    state: RunState
    reason: str


class Sighting(NamedTuple):
    """A heartbeat, and when it was first seen (monotonic, s)."""

    heartbeat: float | None
    at: float


class Watch:
    """Remembers heartbeats from look to look."""

    def __init__(self) -> None:
        self._seen: dict[str, Sighting] = {}

    def verdict(self, run: RunInfo) -> Outcome | None:
        """None for a run whose worker is alive or may be."""
        if run.host == socket.gethostname() and run.pid is not None and not is_alive(run.pid):
            return Outcome(
                RunState.INTERRUPTED, "its process is gone: it was killed, or the machine was restarted"
            )
        earlier = self._seen.get(run.id)
        if earlier is None or earlier.heartbeat != run.heartbeat:
            self._seen[run.id] = Sighting(run.heartbeat, time.monotonic())
        elif time.monotonic() - earlier.at > STALE:
            return Outcome(RunState.INTERRUPTED, f"no sign of life from its process on {run.host}")
        return None


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not is_zombie(pid)


def is_zombie(pid: int) -> bool:
    """Ended, and waiting for a parent that does not ask; known on Linux only."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    except OSError:
        return False
    return after_name.split()[0] == "Z"


def works_on(pid: int, run_id: str) -> bool:
    """Whether a process of this number is alive and a worker of this run; numbers are used again."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        command = ["ps", "-o", "command=", "-p", str(pid)]
        line = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return run_id in line


def cpu_seconds(pid: int) -> float | None:
    """What a process and those it has started have used so far; known on Linux only."""
    total = None
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            fields = stat.read_text().rpartition(")")[2].split()  # from the third, proc_pid_stat(5)
            if pid in (int(stat.parent.name), int(fields[1])):
                total = (total or 0.0) + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total
