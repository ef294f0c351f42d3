"""Relaxation of atoms and cell at zero pressure: to the nearest minimum, or a reason why not.

Converged means that the largest force on an atom and the largest component of the stress are below their limits and
that no two ions stand within the guard radius of their pair (below it the energy is not that of the potential).  An
energy is given only then.  The crystal that is returned has a reduced cell: the same crystal, other lattice vectors.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from rlcsp_core.energy.evaluation import CONTACT, Prepared, in_contact, prepare
from rlcsp_core.energy.potential import Potential
from rlcsp_core.energy.real_kernels import list_neighbours
from rlcsp_core.energy.signatures import LATTICE_ENERGY, LIST_NEIGHBOURS, address_of
from rlcsp_core.energy.tables import Tables, tables_for
from rlcsp_core.energy.total_kernels import lattice_energy
from rlcsp_core.errors import ConfigError
from rlcsp_core.records import Array, Crystal, Relaxation
from rlcsp_core.relax import descent_kernels as kernels

CHUNK = 20_000  # atoms × evaluations between two looks at the clock: about 20 ms

REASONS = {
    kernels.NOT_FINITE: "energy or forces are not finite",
    kernels.COLLAPSED: "cell collapse",
    kernels.STUCK: "no step lowers the energy",
}
EVALUATION_LIMIT = "evaluation limit"
TIME_LIMIT = "time limit"


@dataclass(frozen=True, kw_only=True)
class RelaxConfig:
    """How far and how long to relax."""

    force: float = 0.005  # eV/Å, largest force on an atom at convergence
    stress: float = 3e-4  # eV/Å³, largest component of the stress at convergence
    evaluations: int = 3000  # most energies with gradients
    seconds: float = 60.0  # longest wall clock
    max_step: float = 0.25  # Å, longest move of an atom in one step
    max_strain: float = 0.08  # largest change of a strain component in one step
    history: int = 20  # steps the optimiser remembers
    skin: float = 1.2  # Å beyond the cut-off that the neighbour list reaches
    refresh: int = 20  # steps between two models of the Hessian

    def __post_init__(self) -> None:
        for name in (
            "force",
            "stress",
            "seconds",
            "max_step",
            "max_strain",
            "skin",
            "evaluations",
            "history",
        ):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} of a relaxation must be above 0, got {getattr(self, name)}")

    @property
    def limits(self) -> kernels.Limits:
        return kernels.Limits(
            self.force, self.stress, self.max_step, self.max_strain, self.skin, self.refresh
        )


def _start(ready: Prepared, history: int) -> kernels.State:
    n = len(ready.positions)
    spacing = (abs(np.linalg.det(ready.cell)) / n) ** (1 / 3)
    sigma = float(np.sqrt(n) * spacing)
    size = 3 * n + 9
    return kernels.State(
        u=np.concatenate([ready.positions.ravel(), sigma * np.eye(3).ravel()]),
        g=np.zeros(size),
        cell0=ready.cell.copy(),
        steps=np.zeros((history, size)),
        changes=np.zeros((history, size)),
        inverse_curvature=np.zeros(history),
        numbers=np.array([np.nan, np.nan, np.nan, sigma]),
        counts=np.zeros(3, dtype=np.int64),
    )


def _geometry(state: kernels.State) -> tuple[Array, Array]:
    """Positions [N, 3] and cell [3, 3] of the present point, Å."""
    deformation = state.u[-9:].reshape(3, 3) / state.numbers[3]
    return state.u[:-9].reshape(-1, 3) @ deformation, state.cell0 @ deformation


def _crystal(crystal: Crystal, ready: Prepared, state: kernels.State) -> Crystal:
    positions, cell = _geometry(state)
    unsorted = np.empty_like(positions)
    unsorted[ready.order] = positions
    return Crystal(np.asarray(crystal.numbers), unsorted, cell)


@cache
def _addresses() -> tuple[int, int]:
    return address_of(lattice_energy, LATTICE_ENERGY), address_of(list_neighbours, LIST_NEIGHBOURS)


def _descend(
    ready: Prepared,
    state: kernels.State,
    tables: Tables,
    config: RelaxConfig,
    chunk: int,
) -> Iterator[str | None]:
    """Yields None while on the way, in the end the reason why it failed or "" where it converged."""
    deadline = time.perf_counter() + config.seconds
    outcome = kernels.RUNNING
    while outcome == kernels.RUNNING:
        left = config.evaluations - int(state.counts[0])
        if left <= 0:
            yield EVALUATION_LIMIT
            return
        if time.perf_counter() > deadline:
            yield TIME_LIMIT
            return
        budget = min(left, chunk)
        outcome = kernels.descend(
            state, ready.kinds, ready.starts, tables, config.limits, budget, *_addresses()
        )
        if outcome == kernels.RUNNING:
            yield None
    yield REASONS.get(outcome, "")


def relax(crystal: Crystal, potential: Potential, config: RelaxConfig | None = None) -> Relaxation:
    """Relax atoms and cell; the same start gives the same result to the last bit."""
    config = RelaxConfig() if config is None else config
    started = time.perf_counter()
    ready = prepare(crystal, potential)
    tables = tables_for(potential, ready.ions, crystal.n_atoms)
    state = _start(ready, config.history)
    chunk = max(5, CHUNK // crystal.n_atoms)
    *_, reason = _descend(ready, state, tables, config, chunk)
    if reason == "" and in_contact(ready, *_geometry(state), potential):
        reason = CONTACT
    return Relaxation(
        crystal=_crystal(crystal, ready, state),
        energy=None if reason else float(state.numbers[0]) / crystal.n_atoms,
        reason=reason or None,
        evaluations=int(state.counts[0]),
        seconds=time.perf_counter() - started,
        max_force=float(state.numbers[1]),
        max_stress=float(state.numbers[2]),
    )


def relax_path(crystal: Crystal, potential: Potential) -> list[tuple[Crystal, float]]:
    """Geometries and energies [eV/atom] on the way down, the start first."""
    config = RelaxConfig()
    ready = prepare(crystal, potential)
    tables = tables_for(potential, ready.ions, crystal.n_atoms)
    state = _start(ready, config.history)
    frames = []
    for _ in _descend(ready, state, tables, config, 1):
        if np.isfinite(state.numbers[0]):
            frames.append((_crystal(crystal, ready, state), float(state.numbers[0]) / crystal.n_atoms))
    return frames
