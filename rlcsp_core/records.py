"""Frozen records that cross the borders between parts of the package.

Units: Å, eV, eV/atom where the name ends in `energy`, seconds.  Shapes: N atoms, A actions, F features.
Energies are `None`, never a number, where a relaxation failed or was not made.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

SAME_ENERGY = 1e-6  # eV/atom within which two energies are one: less is noise of the relaxation
TARGET_TOLERANCE = 2e-5  # eV/atom above the target that still count as reached
NO_TRIAL = "no sound trial"  # why a step has no energy where nothing could be relaxed


@dataclass(frozen=True, eq=False)
class Crystal:
    """Atoms in a periodic cell."""

    numbers: IntArray  # [N] atomic numbers
    positions: Array  # [N, 3] Å, Cartesian, anywhere in space
    cell: Array  # [3, 3] Å, lattice vectors in rows

    @property
    def n_atoms(self) -> int:
        return len(self.numbers)

    @property
    def volume(self) -> float:
        """Volume of the cell [Å³]."""
        return float(abs(np.linalg.det(self.cell)))


@dataclass(frozen=True, eq=False)
class Relaxation:
    """How a local relaxation ended: at a minimum, or with a reason why not."""

    crystal: Crystal  # the last geometry; the minimum where it converged
    energy: float | None  # eV/atom; None unless converged
    reason: str | None  # None where converged
    evaluations: int  # energies with gradients computed
    seconds: float  # wall clock
    max_force: float  # eV/Å, at the last geometry; nan where not finite
    max_stress: float  # eV/Å³

    @property
    def converged(self) -> bool:
        return self.reason is None


class Observation(NamedTuple):
    """What an agent sees of the search before it acts."""

    features: Array  # [F], the first is the constant 1
    mask: BoolArray  # [A], True where the action can be taken
    melting: bool = False  # the search has raised its temperature to leave a basin


class Decision(NamedTuple):
    """An action drawn by an agent, with the distribution it was drawn from."""

    action: int  # index into the table of actions
    probabilities: Array  # [A], 0 where masked


class Transition(NamedTuple):
    """One step of experience, as given to an agent."""

    observation: Observation
    action: int
    reward: float  # raw: an agent standardises for itself
    next_features: Array  # [F]
    is_lowest: bool = False  # the trial is lower than all before it in the run


@dataclass(frozen=True, eq=False)
class Update:
    """What one learning update did; `theta` is the policy after it."""

    theta: Array  # [A, F]
    gradient_norm: float  # Euclidean norm of the gradient estimate
    entropy: float  # nats, mean over the states of the batch, before the update
    kl: float  # nats, KL(old‖new), mean over the states of the batch


@dataclass(frozen=True, eq=False)
class PopulationRecord:
    """One member of the initial population."""

    index: int  # from 0
    attempts: int  # random structures built until a sound one was found
    energy: float | None  # eV/atom
    reason: str | None  # why there is no energy
    evaluations: int
    seconds: float  # wall clock of build and relaxation
    before: Crystal | None  # the sound trial; None where none was found
    after: Crystal | None  # relaxed; None where the relaxation failed


@dataclass(frozen=True, eq=False)
class StepRecord:
    """One step of the search: one action, one relaxed trial."""

    step: int  # from 1
    action: int  # number as published: 1 … 7, 9, 10
    attempts: int  # trials built until one was sound, over all actions tried in this step
    energy: float | None  # eV/atom of the relaxed trial
    reason: str | None  # why there is no energy
    accepted: bool
    current_energy: float  # eV/atom, after acceptance or rejection
    best_energy: float  # eV/atom, lowest so far
    reward: float  # as given to the agent, before standardisation
    probabilities: Array  # [A] of the decision that led to the trial
    kT: float  # eV, of this acceptance test
    n_atoms: int  # of the trial; of the current structure where there is no trial
    evaluations: int
    relax_seconds: float  # wall clock of the relaxation alone
    elapsed: float  # wall clock since the start of the run, s; not part of the deterministic record
    update: Update | None  # where this step ended an episode that changed the policy
    before: Crystal | None  # the trial as built
    after: Crystal | None  # the trial relaxed; None where there is no energy
    parent: int | None = None  # step that made what the action changed, 0: the population; None: not recorded
    kept: bool = False  # later trials may start from it: accepted, or taken among the modular ones
    cpu_seconds: float = (
        nan  # CPU time of the process for the run so far; no part of the deterministic record
    )


@dataclass(frozen=True)
class StopRecord:
    """Why a search ended."""

    reason: str  # "target", "steps", "time", "stalled", "stopped"
    steps: int
    target_step: int | None  # the first step at the target energy; 0: in the initial population


SearchRecord = PopulationRecord | StepRecord | StopRecord
