"""Relaxation by GULP through ASE: conjugate gradients first, then BFGS, both with GULP's C₆ lattice sum.

Gale & Rohl, Mol. Simul. 2003, 29, 291.  GULP decides by its own criteria when a minimum is reached.
"""

from __future__ import annotations

import tempfile
import time

import numpy as np

from rlcsp_core.energy.potential import Potential, Terms
from rlcsp_core.energy.split import SLOW
from rlcsp_core.errors import CalculatorError
from rlcsp_core.records import Crystal, IntArray, Relaxation
from rlcsp_core.relax.relaxer import RelaxConfig

STAGES = (("opti conj conp c6", 300), ("opti conp c6", 1000))  # keywords, most cycles
CUTOFF = 12.0  # Å, of the repulsion
FAR_CUTOFF = 30.0  # Å, of slow exponentials and -E/r⁸


def gulp_options(potential: Potential, numbers: IntArray, cycles: int) -> list[str]:
    """Lines of a GULP input that define the potential for the ions of a crystal; numbers [N].

    Whatever its form, a pair is a sum of exponentials and powers: GULP adds up several potentials of one pair."""
    kinds = tuple(np.unique(potential.kinds(numbers)).tolist())
    names = [f"{potential.ions[kind].element} core" for kind in kinds]
    lines = [f"maxcyc {cycles}", "species"]
    lines += [f"{name} {potential.charges[kind]:.10g}" for name, kind in zip(names, kinds, strict=True)]
    for a, row in enumerate(potential.pairs(kinds)):
        for b, pair in enumerate(row[: a + 1]):
            lines += _pair_lines(f"{names[a]} {names[b]}", pair.terms)
    return lines


def _pair_lines(names: str, terms: Terms) -> list[str]:
    slow = terms.E or any(rho > SLOW for _, rho in terms.exponentials)
    limits = f"0.0 {FAR_CUTOFF if slow else CUTOFF:g}"
    lines: list[str] = []
    C = terms.C
    for A, rho in terms.exponentials:
        lines += ["buck", f"{names} {A:.10g} {rho:.10g} {C:.10g} {limits}"]
        C = 0.0  # with the first of them
    if terms.B or terms.E:
        lines += ["lennard 12 8", f"{names} {terms.B:.10g} {terms.E:.10g} {limits}"]
    return lines


def relax_with_gulp(crystal: Crystal, potential: Potential, config: RelaxConfig, command: str) -> Relaxation:
    from ase import Atoms
    from ase.calculators.gulp import GULP

    started = time.perf_counter()
    atoms = Atoms(crystal.numbers, positions=crystal.positions, cell=crystal.cell, pbc=True)
    energy, converged, cycles = float("nan"), False, 0
    with tempfile.TemporaryDirectory(prefix="rlcsp-gulp-") as folder:
        for keywords, most in STAGES:
            options = gulp_options(potential, crystal.numbers, min(most, config.evaluations))
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
