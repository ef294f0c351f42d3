"""LAMMPS in this process, through ASE: Buckingham and Coulomb, both with Ewald sums over all distances.

LAMMPS sums the dispersion of a pair in reciprocal space as a product of one-ion terms (C_ab² = C_aa C_bb); a crystal
with pairs for which that is not true, or of another form than Buckingham's, is refused.  Units: `metal` (eV, Å, bar).
"""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
from ase.calculators.lammpslib import LAMMPSlib

from rlcsp_core.energy.potential import Potential
from rlcsp_core.errors import CalculatorError

LAMMPS_COULOMB = 14.399645  # eV Å, what `units metal` uses
MIXING = 1e-9  # eV² Å¹², of C_ab² - C_aa C_bb


def lammps_calculator(
    potential: Potential, kinds: tuple[int, ...], cutoff: float, accuracy: float
) -> LAMMPSlib:
    """For crystals of these ions; keeps one instance of LAMMPS."""
    pairs = buckingham_pairs(potential, kinds)
    scale = (potential.coulomb_constant / LAMMPS_COULOMB) ** 0.5  # put into the charges
    charges = [
        f"set type {i} charge {potential.charges[k] * scale:.12g}" for i, k in enumerate(kinds, start=1)
    ]
    coefficients = [
        f"pair_coeff {i + 1} {j + 1} {' '.join(f'{term:.12g}' for term in pairs[i][j])}"
        for i, j in combinations_with_replacement(range(len(kinds)), 2)
    ]
    return LAMMPSlib(
        lammps_header=["units metal", "atom_style charge", "atom_modify map array sort 0 0"],
        atom_types={potential.ions[k].element: i for i, k in enumerate(kinds, start=1)},
        lmpcmds=[
            f"pair_style buck/long/coul/long long long {cutoff}",
            *coefficients,
            *charges,
            f"kspace_style ewald/disp {accuracy:g}",
            "neighbor 1.0 bin",
        ],
        amendments=charges,  # of atoms that were added since
    )


def buckingham_pairs(potential: Potential, kinds: tuple[int, ...]) -> list[list[tuple[float, float, float]]]:
    """[B, B] (A eV, ρ Å, C eV Å⁶); CalculatorError where the pairs are not of a form that this adapter writes."""
    terms = [[pair.terms for pair in row] for row in potential.pairs(kinds)]
    names = ", ".join(potential.ions[k].symbol for k in kinds)
    if any(len(t.exponentials) > 1 or t.E or t.B for row in terms for t in row):
        raise CalculatorError(
            f"the pairs of {names} in {potential.name!r} are not of Buckingham's form, the only one written for LAMMPS "
            "here; use --calculator builtin or gulp"
        )
    C = np.array([[t.C for t in row] for row in terms])
    if np.abs(C**2 - np.outer(np.diag(C), np.diag(C))).max() > MIXING:
        raise CalculatorError(f"LAMMPS cannot sum the dispersion between {names}; use --calculator builtin")
    return [[(*(t.exponentials[0] if t.exponentials else (0.0, 1.0)), t.C) for t in row] for row in terms]
