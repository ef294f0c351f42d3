"""Processes that work for this program: starting one, and what the end of one that searches means."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from rlcsp_core.execution.liveness import Outcome
from rlcsp_core.execution.worker import TOKEN_VARIABLE
from rlcsp_core.paths import PACKAGE
from rlcsp_core.store import Claim, RunState
from rlcsp_core.store.addresses import URL_VARIABLE

TAIL = 2000  # bytes of standard error kept as the reason of a failure
# one run is one core: libraries must not open threads of their own
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

Command = Callable[[str], list[str]]


def worker_command(run_id: str) -> list[str]:
    return [sys.executable, "-m", "rlcsp_core", "work", run_id]


@dataclass(kw_only=True)
class Child:
    """A process of ours."""

    process: subprocess.Popen[bytes]
    errors: IO[bytes]  # its standard error, a file without a name
    kill_at: float | None = None  # monotonic time at which patience ends

    @property
    def message(self) -> str:
        """The last lines it wrote to standard error."""
        size = os.fstat(self.errors.fileno()).st_size
        return os.pread(self.errors.fileno(), TAIL, max(size - TAIL, 0)).decode(errors="replace").strip()

    def terminate(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()

    def kill(self) -> None:
        """The process and whatever it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def release(self) -> None:
        if self.process.stdin:
            self.process.stdin.close()
        self.errors.close()


@dataclass(kw_only=True)
class Worker(Child):
    """A process that works on a claimed run."""

    claim: Claim


def start_worker(claim: Claim, url: str, command: Command = worker_command) -> Worker:
    process, errors = started(command(claim.run_id), url, {TOKEN_VARIABLE: claim.token})
    return Worker(claim=claim, process=process, errors=errors)


def started(
    command: Sequence[str], url: str, variables: Mapping[str, str]
) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
    """A process and its standard error; its standard input ends when we do.

    In a session of its own, so that Ctrl-C in the dashboard's terminal does not reach it."""
    errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed by Child.release)
    process = subprocess.Popen(
        command,
        env={**_environment(url), **variables},
        stdin=subprocess.PIPE,  # its end is ours
        stdout=subprocess.DEVNULL,
        stderr=errors,
        start_new_session=True,
    )
    return process, errors


def _environment(url: str) -> dict[str, str]:
    return {
        **os.environ,
        **dict.fromkeys(THREADS, "1"),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(PACKAGE.parent), os.environ.get("PYTHONPATH")))),
        URL_VARIABLE: url,
    }


def outcome(exit_code: int, state: RunState, message: str) -> Outcome:
    """What a worker's end means for its run, where it did not say so itself.  Negative codes are signals."""
    if state is RunState.STOPPING:
        return Outcome(RunState.STOPPED, "stopped")
    if exit_code < 0:
        name = (
            signal.Signals(-exit_code).name if -exit_code in set(signal.Signals) else f"signal {-exit_code}"
        )
        hint = "; the machine may be out of memory" if -exit_code == signal.SIGKILL else ""
        return Outcome(RunState.INTERRUPTED, f"its process was ended by {name}{hint}")
    last = message.splitlines()[-1] if message else "it wrote no message"
    return Outcome(RunState.FAILED, f"its process ended with exit code {exit_code}: {last}")
