"""What the store gives back: frozen copies, never live rows.

Units: eV/atom for energies, seconds for durations, Unix time (s) for moments.  Shapes: T steps, P members of the
population, U updates, A actions, F features.  An energy that does not exist is NaN in an array and None in a field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from rlcsp_core.errors import StoreError
from rlcsp_core.process import pid_of
from rlcsp_core.records import Array, Crystal, IntArray
from rlcsp_core.tables import Kind, ObjectArray, Table, Tally, column


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


ENDINGS = {
    "target": "target reached",
    "steps": "step limit reached",
    "time": "time limit reached",
    "stalled": "no improvement",
    "stopped": "stopped by user",
}


@dataclass(frozen=True, kw_only=True)
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
    heartbeat: float | None = None  # last sign of life of the worker
    host: str | None = None  # what its worker's machine calls itself
    process: str | None = None  # the worker, as `process.this_process` tells it
    request: Request = Request.RUN
    n_population: int  # members relaxed so far
    n_population_failed: int
    n_steps: int
    elapsed: float  # wall clock of the search up to the last step
    best_energy: float | None
    best_step: int | None  # 0: in the initial population
    target_step: int | None  # the first step at the target; None: not reached
    tally: Mapping[int, Tally]  # by action number
    policy: str | None = None  # the shared policy that it reads and updates
    title: str | None = None  # what a person calls it
    tags: tuple[str, ...] = ()
    archived: bool = False  # not among runs to choose from
    discarded: float | None = None  # when it was put into the bin

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
    def ending(self) -> str:
        """Why it ended, in words; nothing while it goes on."""
        return ENDINGS.get(self.reason or "", self.reason or "")

    @property
    def pid(self) -> int | None:
        """Of the worker, on its own machine."""
        return None if self.process is None else pid_of(self.process)

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


class SharedPolicy(NamedTuple):
    """A policy that several runs read and update."""

    name: str
    version: int  # updates so far
    theta: Array  # [A, F]


@dataclass(frozen=True, eq=False)
class PolicyTable(Table):
    """How a shared policy grew: one row an update, in the order they were made."""

    version: IntArray = column(Kind.COUNT)  # [U] from 1
    run_id: ObjectArray = column(Kind.TEXT)  # [U] who made it
    step: IntArray = column(Kind.COUNT)  # [U] at which step of that run
    time: Array = column(Kind.NUMBER, "s")  # [U] Unix time
    theta: Array = column(Kind.MATRIX)  # [U, A, F] after the update


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

    @property
    def key(self) -> StructureKey:
        return StructureKey(self.run_id, self.source, self.number)


class StructureKey(NamedTuple):
    """Which relaxed structure of which run."""

    run_id: str
    source: Source
    number: int  # index in the population, or step


@dataclass(frozen=True, eq=False)
class Refinement:
    """A structure that a run has kept, relaxed again by another model: its minimum, or a reason why there is none.

    Energies of two models have different zeros: only their order and differences can be compared."""

    key: StructureKey
    model: str  # "diep"; module:function for one of somebody's own
    version: str  # of the model's package
    energy: float | None  # eV/atom, on the scale of the model
    reason: str | None  # None where there is an energy
    evaluations: int  # energies with gradients computed
    seconds: float  # wall clock
    crystal: Crystal | None  # relaxed; None without an energy


def in_order(each: Refinement) -> tuple[Any, ...]:
    """By model, then by its energy, those without one last."""
    return each.model, each.energy is None, each.energy or 0.0, each.key
