"""A crystal in numbers: what a table of structures and its sites says.

Units: Å, degrees, g/cm³, valence units.  Shapes: N atoms.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from ase.data import atomic_masses, chemical_symbols
from ase.geometry import cell_to_cellpar

from rlcsp_core.crystal.bonds import bond_valence_sums, find_bonds
from rlcsp_core.crystal.ions import ions_in
from rlcsp_core.crystal.symmetry import operations
from rlcsp_core.errors import StructureError
from rlcsp_core.records import Array, Crystal

DALTONS = 1.66053906660  # g/cm³ in one u/Å³ (CODATA 2018)


class CellParameters(NamedTuple):
    """Lengths in Å, angles in degrees."""

    a: float
    b: float
    c: float
    alpha: float
    beta: float
    gamma: float


class Site(NamedTuple):
    """One atom and its surroundings."""

    symbol: str
    position: tuple[float, float, float]  # fractional, in [0, 1)
    coordination: int
    shortest: float  # Å; nan without bonds, as the next two
    mean: float
    longest: float
    valence: float | None  # bond-valence sum; None where it is unknown
    charge: int | None  # e, formal; None for an element without an ion


def cell_parameters(crystal: Crystal) -> CellParameters:
    return CellParameters(*cell_to_cellpar(crystal.cell).tolist())


def density(crystal: Crystal) -> float:
    """g/cm³."""
    return float(atomic_masses[crystal.numbers].sum()) / crystal.volume * DALTONS


def displacements(before: Crystal, after: Crystal) -> Array:
    """How far each atom has moved [N, 3], Å, to its nearest image in the cell of `after`.

    The strain of the cell and the shift common to all atoms are no displacements.  Atoms in the same order."""
    there, here = (crystal.positions @ np.linalg.inv(crystal.cell) for crystal in (before, after))
    moved = here - there - np.round(here - there)
    return np.asarray((moved - moved.mean(axis=0)) @ after.cell)


def distinct_sites(crystal: Crystal) -> list[tuple[int, Site]]:
    """How many atoms of the cell share each site, and the first of them; alike are atoms that symmetry maps on each
    other within SYMPREC.  Every atom by itself where no symmetry is found."""
    try:
        kinds = operations(crystal).orbits
    except StructureError:
        kinds = np.arange(crystal.n_atoms)
    found = sites(crystal)
    return [
        (int(count), found[first]) for first, count in zip(*np.unique(kinds, return_counts=True), strict=True)
    ]


def sites(crystal: Crystal) -> list[Site]:
    """Every atom in order."""
    bonds = find_bonds(crystal)
    valences = bond_valence_sums(crystal, bonds)
    ions = ions_in(crystal.numbers)
    fractional = (crystal.positions @ np.linalg.inv(crystal.cell)) % 1.0
    found = []
    for i, z in enumerate(crystal.numbers.tolist()):
        lengths = bonds.length[bonds.i == i]
        shortest, mean, longest = (
            (lengths.min(), lengths.mean(), lengths.max()) if len(lengths) else (np.nan,) * 3
        )
        x, y, w = fractional[i].tolist()
        found.append(
            Site(
                symbol=chemical_symbols[z],
                position=(x, y, w),
                coordination=len(lengths),
                shortest=float(shortest),
                mean=float(mean),
                longest=float(longest),
                valence=None if np.isnan(valences[i]) or not len(lengths) else float(valences[i]),
                charge=ions[z].charge if z in ions else None,
            )
        )
    return found
