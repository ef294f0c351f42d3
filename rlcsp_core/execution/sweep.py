"""An experiment carried out: every run of it that is not there yet, one after the other or on many workers.

The database knows what is done, so a sweep has no state of its own: killed at any point and started again, it takes up
each run after the last record that is stored, and the results are those of a sweep never interrupted.  A run is worked
on by one process at a time (see the store's claims), whoever else carries out the same experiment.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from rlcsp_core.errors import StoreError
from rlcsp_core.execution.experiment import PlannedRun
from rlcsp_core.execution.liveness import Watch
from rlcsp_core.execution.running import Begin, Halt, Notify, begin_search, execute, nobody
from rlcsp_core.store import Claim, RunInfo, RunState, Store

POLL = 1.0  # s between looks at a run that another process works on

Report = Callable[[RunInfo], None]


class Plan(Protocol):
    """Runs to be carried out: an experiment, or a batch of a training."""

    @property
    def name(self) -> str:
        """Of the experiment that they are stored under."""
        ...

    def runs(self) -> list[PlannedRun]: ...


class Share(NamedTuple):
    """How far an experiment is."""

    runs_done: int
    runs: int
    steps_done: int  # a run that ended early counts with all its steps
    steps: int

    @property
    def fraction(self) -> float:
        return self.steps_done / self.steps


def share_of(store: Store, experiment: Plan) -> Share:
    planned = {(run.label, run.config.seed): run.config.steps for run in experiment.runs()}
    done = steps = 0
    for run in store.runs(experiment=experiment.name):
        total = planned.get((run.name, run.seed))
        if total is not None:
            finished = run.state is RunState.FINISHED
            done += finished
            steps += total if finished else min(run.n_steps, total)
    return Share(done, len(planned), steps, sum(planned.values()))


def sweep(
    store: Store,
    experiment: Plan,
    halt: Halt,
    *,
    report: Report,
    notify: Notify = nobody,
    begin: Begin = begin_search,
) -> None:
    """All missing runs, in this process; `report` gets every run of the experiment as it is done."""
    for planned in experiment.runs():
        if halt.asked:  # between two runs
            return
        run = carry_out(store, experiment.name, planned, halt, notify, begin)
        if halt.asked:
            return
        report(run)


def carry_out(
    store: Store,
    experiment: str,
    planned: PlannedRun,
    halt: Halt,
    notify: Notify = nobody,
    begin: Begin = begin_search,
) -> RunInfo:
    """One run to its end, unless it is there already; a failure is the run's, not the sweep's."""
    mine = take(store, experiment, planned, halt)
    if mine is not None:
        try:
            return execute(store, mine, halt, begin=begin, notify=notify)
        except StoreError:
            raise
        except Exception as error:  # already in the run's record
            print(f"run {mine.run_id} failed: {type(error).__name__}: {error}", file=sys.stderr)
    run = store.run_of(experiment, planned.config.as_dict())
    if run is None:
        raise StoreError(
            f"a run of experiment {experiment!r} was deleted while it was worked on; start the sweep again"
        )
    return run


def take(store: Store, experiment: str, planned: PlannedRun, halt: Halt) -> Claim | None:
    """The claim to a run that is missing or unfinished; None if it has finished.  Waits while another has it."""
    config = planned.config.as_dict()
    watch = Watch(store)
    while not halt.asked:
        mine = store.create_claimed(config, name=planned.label, experiment=experiment)
        if mine is not None:
            return mine
        run = store.run_of(experiment, config)
        if run is None:
            continue  # deleted between the two questions
        if run.state is RunState.FINISHED:
            return None
        if (mine := watch.claim(run)) is not None:
            return mine
        halt.event.wait(POLL)
    return None


class Clock:
    """Time left, from the share of the work done since the clock was made."""

    def __init__(self, fraction: float) -> None:
        self.start, self.began = fraction, time.monotonic()

    def seconds_left(self, fraction: float) -> float | None:
        """None until something has been done."""
        gained = fraction - self.start
        return (time.monotonic() - self.began) * (1 - fraction) / gained if gained > 0 else None
