"""Are two crystals the same structure, and which known one is it?

Structures are compared by pymatgen's StructureMatcher: both are reduced to primitive cells (by spglib) of equal
volume, and their atoms are mapped onto each other.  The distance is the root mean square of what is left over, in Å
of the first crystal.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rlcsp_core.crystal.composition import formula_of
from rlcsp_core.crystal.formats import to_ase
from rlcsp_core.crystal.known import Reference, references
from rlcsp_core.crystal.symmetry import primitive_cell, symmetry
from rlcsp_core.errors import StructureError
from rlcsp_core.records import Crystal

if TYPE_CHECKING:
    from pymatgen.analysis.structure_matcher import StructureMatcher
    from pymatgen.core import Structure

VOLUME_WINDOW = 0.01  # relative
REDUCTIONS = (
    0.02,
    0.2,
)  # Å; tolerances of the reduction to a primitive cell, the second for distorted crystals


class Match(NamedTuple):
    """A known phase that a crystal is the same structure as."""

    reference: Reference
    distance: float  # Å, root mean square over the atoms, cells scaled to equal volume
    volume_ratio: float  # of the crystal over the reference, per atom

    @property
    def stretch(self) -> float:
        """The same of lengths, where all directions are alike."""
        return float(self.volume_ratio ** (1 / 3))


def known_phases(crystal: Crystal) -> list[Match]:
    """References that the crystal is, the nearest first; usually one or none."""
    formula = formula_of(crystal.numbers)
    matches = [
        Match(reference, distance, _volume(crystal) / _volume(reference.crystal))
        for reference in references()
        if reference.formula == formula
        if (distance := distance_between(crystal, reference.crystal)) is not None
    ]
    return sorted(matches, key=lambda match: match.distance)


def distance_between(first: Crystal, second: Crystal) -> float | None:
    """Root mean square distance [Å] between two crystals of the same structure; None for different ones."""
    if not _same_formula(first, second):
        return None
    for symprec in REDUCTIONS:
        a, b = (primitive_cell(crystal, symprec) for crystal in (first, second))
        if a.n_atoms == b.n_atoms and (found := _matcher().get_rms_dist(_structure(a), _structure(b))):
            return float(found[0]) * _volume(first) ** (1 / 3)  # pymatgen's unit is the cube root of it
    return None


def are_duplicates(first: Crystal, second: Crystal) -> bool:
    """For relaxed crystals of almost equal energy."""
    if not _same_formula(first, second) or abs(_volume(first) / _volume(second) - 1) > VOLUME_WINDOW:
        return False
    return distance_between(first, second) is not None


def _volume(crystal: Crystal) -> float:
    """Å³ per atom."""
    return crystal.volume / crystal.n_atoms


def _same_formula(first: Crystal, second: Crystal) -> bool:
    """Equal proportions of the elements."""
    counts = [np.bincount(crystal.numbers, minlength=120) for crystal in (first, second)]
    return bool((counts[0] * second.n_atoms == counts[1] * first.n_atoms).all())


@cache
def _matcher() -> StructureMatcher:
    from pymatgen.analysis.structure_matcher import StructureMatcher

    return StructureMatcher(ltol=0.2, stol=0.3, angle_tol=5, primitive_cell=False, scale=True)


def _structure(crystal: Crystal) -> Structure:
    from pymatgen.io.ase import AseAtomsAdaptor

    return AseAtomsAdaptor.get_structure(to_ase(crystal))


def in_setting_of(reference: Crystal, crystal: Crystal) -> Crystal | None:
    """A crystal of the same structure in the cell and the orientation of the reference, with its own distances.

    None where their conventional cells cannot be laid over each other."""
    from pymatgen.io.ase import AseAtomsAdaptor

    try:
        own = symmetry(crystal).conventional
    except StructureError:
        return None
    laid = _matcher().get_s2_like_s1(_structure(reference), _structure(own))
    if laid is None:
        return None
    atoms = AseAtomsAdaptor.get_atoms(laid)
    cell = reference.cell * (own.volume / reference.volume) ** (1 / 3)
    return Crystal(atoms.numbers.astype(np.int64), atoms.get_scaled_positions(wrap=True) @ cell, cell)
