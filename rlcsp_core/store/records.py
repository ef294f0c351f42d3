"""What the store gives back: frozen copies, never live rows.

Units: eV/atom for energies, seconds for durations, Unix time (s) for moments.  Shapes: T steps, P members of the
population, U updates, A actions, F features.  An energy that does not exist is NaN in an array and None in a field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rlcsp_core.errors import StoreError
from rlcsp_core.records import Array, BoolArray, IntArray

ObjectArray = NDArray[np.object_]


class RunState(StrEnum):
    """Where a run stands.  Only a worker that holds the run's claim can write to it while it is `ACTIVE`."""

    QUEUED = "queued"  # waits for a free core
    RUNNING = "running"
    PAUSED = "paused"  # its worker is alive and waits
    STOPPING = "stopping"  # asked to stop, not yet done
    FINISHED = "finished"  # ended by itself: target, steps, time, stalled
    STOPPED = "stopped"  # ended by the user; can go on
    FAILED = "failed"  # the program failed; the reason says how
    INTERRUPTED = "interrupted"  # the worker vanished; can go on


ACTIVE = (RunState.RUNNING, RunState.PAUSED, RunState.STOPPING)
RESUMABLE = (RunState.STOPPED, RunState.FAILED, RunState.INTERRUPTED)
ENDED = (RunState.FINISHED, *RESUMABLE)


class Request(StrEnum):
    """What a run has been asked to do; its worker obeys at the next record."""

    RUN = "run"
    PAUSE = "pause"
    STOP = "stop"


class ClaimLostError(StoreError):
    """Another worker has taken the run over, or it was deleted; nothing was written."""


class Claim(NamedTuple):
    """The right of one worker to write to one run."""

    run_id: str
    token: str


class Tally(NamedTuple):
    """How the steps with one action ended."""

    accepted: int = 0
    rejected: int = 0  # relaxed, not accepted
    failed: int = 0  # no energy

    @property
    def total(self) -> int:
        return sum(self)


@dataclass(frozen=True)
class RunInfo:
    """One run, without its history."""

    id: str
    name: str
    experiment: str | None
    state: RunState
    reason: str | None  # why it ended: "target", "steps", "time", "stalled", "stopped", or a sentence
    config: Mapping[str, Any]  # as SearchConfig.as_dict()
    versions: Mapping[str, str]  # of the programs and the machine that ran it
    created: float
    started: float | None
    ended: float | None
    heartbeat: float | None  # last sign of life of the worker
    host: str | None
    pid: int | None
    request: Request
    detached: bool  # goes on when the program that started it ends
    n_population: int  # members relaxed so far
    n_population_failed: int
    n_steps: int
    elapsed: float  # wall clock of the search up to the last step
    best_energy: float | None
    best_step: int | None  # 0: in the initial population
    target_step: int | None  # the first step at the target; None: not reached
    tally: Mapping[int, Tally]  # by action number
    policy: str | None  # the shared policy that it reads and updates

    @property
    def composition(self) -> str:
        return str(self.config["composition"])

    @property
    def algorithm(self) -> str:
        return str(self.config["algorithm"])

    @property
    def seed(self) -> int:
        return int(self.config["seed"])

    @property
    def active(self) -> bool:
        return self.state in ACTIVE

    @property
    def n_accepted(self) -> int:
        return sum(t.accepted for t in self.tally.values())

    @property
    def n_rejected(self) -> int:
        return sum(t.rejected for t in self.tally.values())

    @property
    def n_failed(self) -> int:
        """Steps without an energy; the population is counted apart."""
        return sum(t.failed for t in self.tally.values())


@dataclass(frozen=True, eq=False)
class StepTable:
    """Steps of one run in columns, in order; names as in `records.StepRecord`."""

    step: IntArray  # [T] from 1
    action: IntArray  # [T] numbers as published
    attempts: IntArray  # [T]
    energy: Array  # [T] eV/atom, NaN where there is none
    reason: ObjectArray  # [T] str or None
    accepted: BoolArray  # [T]
    current_energy: Array  # [T] eV/atom
    best_energy: Array  # [T] eV/atom
    reward: Array  # [T]
    probabilities: Array  # [T, A]
    kT: Array  # [T] eV
    n_atoms: IntArray  # [T]
    evaluations: IntArray  # [T]
    relax_seconds: Array  # [T] s
    elapsed: Array  # [T] s
    cpu_seconds: Array  # [T] s, NaN where a run of an older version has none
    parent: Array  # [T] steps, 0: the population; NaN where it was not recorded

    def __len__(self) -> int:
        return len(self.step)


@dataclass(frozen=True, eq=False)
class PopulationTable:
    """The initial population of one run in columns; names as in `records.PopulationRecord`."""

    index: IntArray  # [P] from 0
    attempts: IntArray  # [P]
    energy: Array  # [P] eV/atom, NaN where there is none
    reason: ObjectArray  # [P] str or None
    evaluations: IntArray  # [P]
    seconds: Array  # [P] s

    def __len__(self) -> int:
        return len(self.index)


class Members(NamedTuple):
    """What the initial population of a run came to; one of many runs that are read at once."""

    energy: Array  # [P] eV/atom, NaN where there is none
    seconds: Array  # [P] s


@dataclass(frozen=True, eq=False)
class UpdateTable:
    """Learning updates of one run in columns; names as in `records.Update`."""

    step: IntArray  # [U] the step that ended the episode
    theta: Array  # [U, A, F] after the update
    gradient_norm: Array  # [U] NaN where it is not finite
    entropy: Array  # [U] nats
    kl: Array  # [U] nats

    def __len__(self) -> int:
        return len(self.step)


class SharedPolicy(NamedTuple):
    """A policy that several runs read and update."""

    name: str
    version: int  # updates so far
    theta: Array  # [A, F]


@dataclass(frozen=True, eq=False)
class PolicyTable:
    """How a shared policy grew: one row an update, in the order they were made."""

    version: IntArray  # [U] from 1
    run_id: tuple[str, ...]  # [U] who made it
    step: IntArray  # [U] at which step of that run
    time: Array  # [U] Unix time, s
    theta: Array  # [U, A, F] after the update

    def __len__(self) -> int:
        return len(self.version)


class Source(StrEnum):
    """Where a stored structure comes from."""

    POPULATION = "population"  # numbered from 0
    STEP = "step"  # numbered from 1


class StructureInfo(NamedTuple):
    """A stored structure, without its atoms."""

    source: Source
    number: int  # index in the population, or step
    relaxed: bool  # False: the trial as built
    n_atoms: int
    energy: float | None  # eV/atom of the relaxed trial


class Finding(NamedTuple):
    """A relaxed structure that a run has kept, without its atoms."""

    run_id: str
    source: Source
    number: int  # index in the population, or step
    energy: float  # eV/atom
    n_atoms: int
