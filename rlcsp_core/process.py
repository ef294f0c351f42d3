"""Which process this is, told so that others can find out whether it still lives.

    "machine pid start", as in "9db9c422-6689-493a-8bc3-b199954bc298/4026531836 8126 3194475"

A number alone names no process: numbers are used again, and containers count from 1, each for itself, and may share a
host name.  Therefore the machine stands with it, which is a boot of the kernel and a space of process numbers, and when
the process started.
"""

from __future__ import annotations

import os
import socket
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path

# places in /proc/PID/stat, counted from behind the name, where proc(5) counts 3
STATE, PARENT, USER_TIME, SYSTEM_TIME, START = 0, 1, 11, 12, 19
ENDED = "ZX"  # states of one that only waits for a parent that does not ask


def this_process() -> str:
    return f"{machine()} {os.getpid()} {started(os.getpid())}"


def pid_of(process: str) -> int:
    return int(process.split()[-2])


def is_here(process: str) -> bool:
    """Whether it can be looked up from here."""
    return process.split()[0] == machine()


def lives(process: str) -> bool | None:
    """None where that cannot be known: it belongs to another machine, or is hidden from us.

    A process that is suspended or starved lives."""
    if not is_here(process):
        return None
    found = started(pid_of(process))
    return None if found is None and _is_hidden(pid_of(process)) else found == process.split()[-1]


@cache
def machine() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:  # not Linux
        return socket.gethostname()


def started(pid: int) -> str | None:
    """When a process started, in the system's own words; None if there is none, or if it has ended."""
    if Path("/proc/self/stat").exists():
        try:
            fields = _fields(Path(f"/proc/{pid}/stat"))
        except OSError:
            return None
        return None if fields[STATE] in ENDED else fields[START]
    command = ["ps", "-o", "state=,lstart=", "-p", str(pid)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    return "_".join(said[1:]) if said and said[0][0] not in ENDED else None


def cpu_seconds(process: str) -> float | None:
    """What a process and those it has started have used so far; known on this machine only, where it is Linux."""
    total = None
    for stat in Path("/proc").glob("[0-9]*/stat") if is_here(process) else ():
        with suppress(OSError):  # it has just ended
            fields = _fields(stat)
            if pid_of(process) in (int(stat.parent.name), int(fields[PARENT])):
                ticks = int(fields[USER_TIME]) + int(fields[SYSTEM_TIME])
                total = (total or 0.0) + ticks / os.sysconf("SC_CLK_TCK")
    return total


def _fields(stat: Path) -> list[str]:
    return stat.read_text().rpartition(")")[2].split()


def _is_hidden(pid: int) -> bool:
    """A process of another user, where those are not shown."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        pass
    return False
