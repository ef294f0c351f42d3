"""Second looks for a program with many visitors: one at a time, as a process of its own.

What it has finished is in the database, whoever started it and however it ended; progress is read from there.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rlcsp_core.analysis.second_look import checked_top
from rlcsp_core.errors import CalculatorError, ConfigError
from rlcsp_core.execution.manager import PATIENCE
from rlcsp_core.execution.processes import Child, started
from rlcsp_core.execution.worker import TIED_VARIABLE
from rlcsp_core.relax.learned import INSTALL, MODELS, installed, label_of

Command = Callable[[Sequence[str], str, int], list[str]]
STEP = "relaxing "  # how a line on a relaxation that takes long begins
ERROR = "error: "


def look_command(run_ids: Sequence[str], model: str, top: int) -> list[str]:
    words = ["refine", *run_ids, "--model", model, "--top", str(top), "--json"]
    return [sys.executable, "-m", "rlcsp_core", *words]


@dataclass(kw_only=True)
class Job(Child):
    """A second look at work, or one that has ended."""

    run_ids: frozenset[str]
    model: str
    top: int
    began: float  # Unix time
    stopped: bool = False  # by us

    @property
    def at_work(self) -> bool:
        return self.process.poll() is None

    @property
    def doing(self) -> str | None:
        """The relaxation that takes long, in the words of the process."""
        last = self.message.splitlines()[-1:]
        return last[0] if last and last[0].startswith(STEP) else None

    @property
    def problem(self) -> str | None:
        """Why it ended before it was done; None at work, and after a good end or a stop."""
        if self.at_work or self.stopped or self.process.returncode == 0:
            return None
        said = [line for line in self.message.splitlines() if line.startswith(ERROR)]
        return said[-1].removeprefix(ERROR) if said else f"its process ended with {self.process.returncode}"


class SecondLooks:
    """Starts and stops them; one for a program, used from any of its threads."""

    def __init__(self, url: str, command: Command = look_command) -> None:
        self._url, self._command = url, command
        self._lock = threading.Lock()
        self.job: Job | None = None  # the latest

    def start(self, run_ids: Sequence[str], model: str, top: int) -> Job:
        """ConfigError while another is at work, CalculatorError where the model is not installed."""
        if model not in MODELS:  # code of others is not for a browser to name
            raise ConfigError(f"unknown model {model!r}; choose from {', '.join(MODELS)}")
        if not installed(model):
            raise CalculatorError(f"{label_of(model)} is not installed: {INSTALL}")
        command = self._command(run_ids, model, checked_top(top))
        with self._lock:
            if self.job is not None:
                if self.job.at_work:
                    raise ConfigError("another second look is at work: wait for its end, or stop it")
                self.job.release()
            try:
                process, errors = started(command, self._url, {TIED_VARIABLE: "1"})
            except OSError as error:
                raise CalculatorError(f"its process could not be started: {error.strerror}") from None
            self.job = Job(
                process=process,
                errors=errors,
                run_ids=frozenset(run_ids),
                model=model,
                top=top,
                began=time.time(),
            )
            return self.job

    def stop(self) -> None:
        """At once; what is finished is kept."""
        with self._lock:
            job = self.job
            if job is None or not job.at_work:
                return
            job.stopped = True
            job.terminate()
            end = threading.Timer(PATIENCE, self._end, (job,))
            end.daemon = True
            end.start()

    @staticmethod
    def _end(job: Job) -> None:
        if job.at_work:
            job.kill()

    def close(self) -> None:
        """End what is at work, and wait for it."""
        self.stop()
        if self.job is not None:
            self.job.process.wait()
            self.job.release()
            self.job = None
