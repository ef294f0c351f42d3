"""A worker process whose search yields made-up records: `fake_worker.py RUN`, behaviour by the run's settings.

The numbers follow from the seed alone, so a resumed run can be compared with one that was never stopped.
"""

import os
import signal
import sys
import time

import numpy as np

from rlcsp_core.execution.worker import work
from rlcsp_core.records import StopRecord
from tests.store.examples import member, step

POPULATION = 3


class FakeSearch:
    """settings: pace [s] between records, and the step at which to crash, be killed or hang."""

    def __init__(self, config, state=None):
        self.config, self.settings = config, config["settings"]
        self.rng = np.random.default_rng(config["seed"])
        self.members, self.steps = 0, 0
        if state:
            self.members, self.steps = state["members"], state["steps"]
            self.rng.bit_generator.state = state["rng"]

    def checkpoint(self):
        return {"members": self.members, "steps": self.steps, "rng": self.rng.bit_generator.state}

    def __iter__(self):
        while self.members < POPULATION:
            self.members += 1
            yield member(self.members - 1, self.rng)
        while self.steps < self.config["steps"]:
            time.sleep(self.settings.get("pace", 0.0))
            self._misbehave(self.steps + 1)
            self.steps += 1
            energy = float(self.rng.normal(-26.5, 0.1))
            yield step(
                self.steps, self.rng, energy, accepted=self.rng.random() < 0.3, learns=self.steps % 5 == 0
            )
        yield StopRecord("steps", self.steps, None)

    def _misbehave(self, number):
        if number == self.settings.get("raise_at"):
            raise ZeroDivisionError("made up")
        if number == self.settings.get("exit_at"):
            print("last words", file=sys.stderr, flush=True)
            os._exit(3)
        if number == self.settings.get("kill_at"):
            os.kill(os.getpid(), signal.SIGKILL)
        if number == self.settings.get("hang_at"):
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
            time.sleep(600)


def begin(store, run):
    return FakeSearch(run.config, store.checkpoint(run.id))


if __name__ == "__main__":
    sys.exit(work(sys.argv[1], begin=begin))
