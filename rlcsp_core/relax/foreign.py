"""Relaxation of atoms and cell with any ASE calculator that has forces and stress, by ASE's own optimisers."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rlcsp_core.errors import CalculatorError, RLCSPError
from rlcsp_core.records import Crystal, Relaxation
from rlcsp_core.relax.relaxer import EVALUATION_LIMIT, TIME_LIMIT, RelaxConfig

if TYPE_CHECKING:
    from ase import Atoms

HEARTBEAT = 10.0  # s between signs of life of a relaxation that takes long


Watch = Callable[["Atoms"], str | None]  # why to give up at this geometry; None to go on


class Settled(NamedTuple):
    """When to take an energy for that of the minimum though forces go on: models have kinks that they jump across."""

    evaluations: int  # the last ones
    energy: float  # eV/atom, within which those stay
    force: float  # eV/Å, above which it is no minimum all the same


def nothing_to_say(_: Atoms) -> None:
    """Where nobody watches."""


def relax_with_ase(
    crystal: Crystal,
    calculator: Any,
    config: RelaxConfig,
    watch: Watch = nothing_to_say,
    optimiser: str = "LBFGS",
    settled: Settled | None = None,
) -> Relaxation:
    """Relax atoms and cell with any calculator that has forces and stress; `watch` sees each step.

    optimiser: the name of one in `ase.optimize`.  settled: ends it where forces do not, once the stress is small."""
    from ase import Atoms, optimize
    from ase.filters import FrechetCellFilter

    started = time.perf_counter()
    atoms = Atoms(
        crystal.numbers, positions=crystal.positions, cell=crystal.cell, pbc=True, calculator=calculator
    )
    reason: str | None = EVALUATION_LIMIT
    force = stress = float("nan")
    steps, told = 0, started
    latest: deque[float] = deque(maxlen=settled.evaluations if settled else 1)  # eV/atom
    # the filter's force on the cell is the virial over the number of atoms: never reached, the loop below decides
    walker = getattr(optimize, optimiser)(FrechetCellFilter(atoms), logfile=None)
    try:
        for _ in walker.irun(fmax=0.0, steps=config.evaluations):
            steps += 1
            force = float(np.linalg.norm(atoms.get_forces(), axis=1).max())
            stress = float(np.abs(atoms.get_stress()).max())
            if not np.isfinite(force + stress + atoms.get_potential_energy()):
                reason = "energy or forces are not finite"
                break
            if given_up := watch(atoms):
                reason = given_up
                break
            latest.append(float(atoms.get_potential_energy()) / crystal.n_atoms)
            if (force < config.force or _still(latest, force, settled)) and stress < config.stress:
                reason = None
                break
            now = time.perf_counter()
            if now - started > config.seconds:
                reason = TIME_LIMIT
                break
            if now - told > HEARTBEAT:
                told = now
                with suppress(OSError):  # who listened may have gone: no fault of the structure
                    print(
                        f"relaxing {len(atoms)} atoms: energy {steps} of at most {config.evaluations}, largest force "
                        f"{force:.3g} eV/Å, {now - started:.0f} s",
                        file=sys.stderr,
                        flush=True,
                    )
    except NotImplementedError as failure:
        raise CalculatorError(f"the calculator cannot relax a crystal: {failure}") from failure
    except RLCSPError:
        raise
    except Exception as failure:  # of one odd structure; the search goes on with the next
        reason = f"the calculator failed: {type(failure).__name__}"
    return Relaxation(
        crystal=Crystal(crystal.numbers, np.array(atoms.positions), np.array(atoms.cell)),
        energy=None if reason else float(atoms.get_potential_energy()) / crystal.n_atoms,
        reason=reason,
        evaluations=steps,
        seconds=time.perf_counter() - started,
        max_force=force,
        max_stress=stress,
    )


def _still(latest: Sequence[float], force: float, settled: Settled | None) -> bool:
    if settled is None or len(latest) < settled.evaluations or force > settled.force:
        return False
    return max(latest) - min(latest) <= settled.energy
