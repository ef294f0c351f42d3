"""Relaxation by GULP through ASE: conjugate gradients first, then BFGS, both with GULP's C₆ lattice sum.

Gale & Rohl, Mol. Simul. 2003, 29, 291.  GULP decides by its own criteria when a minimum is reached.
"""

from __future__ import annotations

import tempfile
import time

import numpy as np

from rlcsp_core.energy.potential import Potential
from rlcsp_core.errors import CalculatorError
from rlcsp_core.records import Crystal, Relaxation
from rlcsp_core.relax.relaxer import RelaxConfig

STAGES = (("opti conj conp c6", 300), ("opti conp c6", 1000))  # keywords, most cycles
CUTOFF = 12.0  # Å, of the repulsion


def gulp_options(potential: Potential, cycles: int) -> list[str]:
    """Lines of a GULP input that define the potential."""
    lines = [f"maxcyc {cycles}", "species"]
    lines += [f"{e} core {q:g}" for e, q in zip(potential.elements, potential.charges, strict=True)]
    for a, first in enumerate(potential.elements):
        for b, second in enumerate(potential.elements[: a + 1]):
            if potential.A[a, b] > 0:
                terms = f"{potential.A[a, b]:.7g} {potential.rho[a, b]:.7g} {potential.C[a, b]:.7g}"
                lines += ["buck", f"{first} core {second} core {terms} 0.0 {CUTOFF:g}"]
    return lines


def relax_with_gulp(crystal: Crystal, potential: Potential, config: RelaxConfig, command: str) -> Relaxation:
    from ase import Atoms
    from ase.calculators.gulp import GULP

    started = time.perf_counter()
    atoms = Atoms(crystal.numbers, positions=crystal.positions, cell=crystal.cell, pbc=True)
    energy, converged, cycles = float("nan"), False, 0
    with tempfile.TemporaryDirectory(prefix="rlcsp-gulp-") as folder:
        for keywords, most in STAGES:
            options = gulp_options(potential, min(most, config.evaluations))
            calculator = GULP(
                label="gulp",
                directory=folder,
                keywords=keywords,
                options=options,
                library=None,
                command=command,
            )
            try:
                calculator.calculate(atoms)
                energy = float(calculator.results["energy"])
                atoms = Atoms(
                    crystal.numbers,
                    positions=calculator.atoms.positions,
                    cell=calculator.atoms.cell,
                    pbc=True,
                )
            except Exception as failure:
                raise CalculatorError(f"GULP gave no energy: {failure}") from failure
            converged = bool(calculator.get_opt_state())
            cycles += max(calculator.get_opt_steps(), 0) + 1
    return Relaxation(
        crystal=Crystal(crystal.numbers, np.array(atoms.positions), np.array(atoms.cell)),
        energy=energy / crystal.n_atoms if converged and np.isfinite(energy) else None,
        reason=None if converged and np.isfinite(energy) else "GULP did not reach a minimum",
        evaluations=cycles,
        seconds=time.perf_counter() - started,
        max_force=float("nan"),
        max_stress=float("nan"),
    )
