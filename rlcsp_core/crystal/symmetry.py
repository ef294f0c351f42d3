"""Symmetry of a crystal, found by spglib within a tolerance on distances.

Togo & Tanaka 2018, arXiv:1808.01590.  A relaxed structure is symmetric only to the accuracy of its
relaxation, so a space group is a statement about a tolerance: `space_group_by_tolerance` gives the whole
staircase.

Units: Å.  Shapes: N atoms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rlcsp_core.errors import StructureError
from rlcsp_core.once import once
from rlcsp_core.records import Array, Crystal, IntArray

if TYPE_CHECKING:
    import spglib

SYMPREC = 0.01  # Å, wide enough for a relaxation to 0.005 eV/Å
TOLERANCES = (1e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.2, 0.3)  # Å


class Operations(NamedTuple):
    """Symmetry operations x → R x + t of fractional coordinates, G of them, and which atoms they relate."""

    group: SpaceGroup
    rotations: IntArray  # [G, 3, 3]
    translations: Array  # [G, 3]
    orbits: IntArray  # [N] the first atom that each atom is an image of


class SpaceGroup(NamedTuple):
    number: int  # 1 … 230, International Tables
    symbol: str  # Hermann–Mauguin, short, as spglib writes it: "Ia-3"


@dataclass(frozen=True)
class WyckoffSite:
    """A set of atoms that symmetry carries into each other."""

    symbol: str  # element
    multiplicity: int  # in the conventional cell
    letter: str
    site_symmetry: str  # oriented symbol
    position: tuple[float, float, float]  # fractional, of one member in the conventional cell


@dataclass(frozen=True, eq=False)
class Symmetry:
    """What symmetry says of a crystal at one tolerance."""

    group: SpaceGroup
    sites: tuple[WyckoffSite, ...]
    conventional: Crystal  # standardised, idealised by symmetry
    primitive: Crystal


@once
def space_group(crystal: Crystal, symprec: float = SYMPREC) -> SpaceGroup | None:
    """Space group within symprec [Å]; None where spglib finds none."""
    dataset = _dataset(crystal, symprec)
    return None if dataset is None else SpaceGroup(int(dataset.number), str(dataset.international))


def space_group_label(crystal: Crystal, symprec: float = SYMPREC) -> str:
    """ "Ia-3 (206)"."""
    group = space_group(crystal, symprec)
    return "unknown" if group is None else f"{group.symbol} ({group.number})"


def point_group_order(crystal: Crystal, symprec: float = SYMPREC) -> int:
    """How many rotations and reflections, with whatever translations, leave the crystal as it is: 1 … 48."""
    dataset = _dataset(crystal, symprec)
    return 1 if dataset is None else len(np.unique(dataset.rotations, axis=0))


def operations(crystal: Crystal, symprec: float = SYMPREC) -> Operations:
    """All operations within symprec [Å], centring included; StructureError where none can be found."""
    dataset = _found(crystal, symprec)
    return Operations(
        SpaceGroup(int(dataset.number), str(dataset.international)),
        np.asarray(dataset.rotations, np.int64),
        np.asarray(dataset.translations),
        np.asarray(dataset.equivalent_atoms, np.int64),
    )


def lattice_change(before: Crystal, after: Crystal, symprec: float = SYMPREC) -> tuple[float, float, float]:
    """Change of a, b and c, as shares, from one crystal to what its relaxation has made of it.

    The vectors are those of the conventional cell of the first, which symmetry that comes or goes does not exchange;
    its own vectors where spglib finds no such cell."""
    dataset = _dataset(before, symprec)
    # (a b c) = (a_s b_s c_s) P with vectors as columns; ours are rows
    change = np.eye(3) if dataset is None else np.linalg.inv(dataset.transformation_matrix).T
    first, second = (np.linalg.norm(change @ crystal.cell, axis=1) for crystal in (before, after))
    a, b, c = (second / first - 1).tolist()
    return a, b, c


def space_group_by_tolerance(
    crystal: Crystal, tolerances: Sequence[float] = TOLERANCES
) -> list[tuple[float, SpaceGroup | None]]:
    """(tolerance [Å], space group) for each tolerance."""
    return [(symprec, space_group(crystal, symprec)) for symprec in tolerances]


def symmetry(crystal: Crystal, symprec: float = SYMPREC) -> Symmetry:
    """Space group, Wyckoff sites, conventional and primitive cell within symprec [Å]."""
    dataset = _found(crystal, symprec)
    conventional = _standardised(crystal, symprec, to_primitive=False)
    return Symmetry(
        group=SpaceGroup(int(dataset.number), str(dataset.international)),
        sites=_wyckoff_sites(conventional, symprec),
        conventional=conventional,
        primitive=_standardised(crystal, symprec, to_primitive=True),
    )


def _fractional(crystal: Crystal) -> Array:
    return np.asarray(crystal.positions @ np.linalg.inv(crystal.cell))


def _spglib_cell(crystal: Crystal) -> Any:
    """spglib takes arrays; its annotations say nested lists only."""
    return crystal.cell, _fractional(crystal), crystal.numbers


def _dataset(crystal: Crystal, symprec: float) -> spglib.SpglibDataset | None:
    import spglib

    try:
        return spglib.get_symmetry_dataset(_spglib_cell(crystal), symprec=symprec)
    except spglib.SpglibError:  # newer releases raise where older ones return None
        return None


def _found(crystal: Crystal, symprec: float) -> spglib.SpglibDataset:
    dataset = _dataset(crystal, symprec)
    if dataset is None:
        raise StructureError(
            f"no symmetry could be determined within {symprec:g} Å: choose another tolerance"
        )
    return dataset


@once
def primitive_cell(crystal: Crystal, symprec: float = SYMPREC) -> Crystal:
    """The smallest cell within symprec [Å], atoms where they are; that of the crystal where none is found."""
    try:
        return _standardised(crystal, symprec, to_primitive=True, idealise=False)
    except StructureError:
        return replace(crystal)  # another one: remembered, it would keep itself


def _standardised(crystal: Crystal, symprec: float, *, to_primitive: bool, idealise: bool = True) -> Crystal:
    import spglib

    try:
        found = spglib.standardize_cell(
            _spglib_cell(crystal), to_primitive=to_primitive, no_idealize=not idealise, symprec=symprec
        )
    except spglib.SpglibError:
        found = None
    if found is None:
        raise StructureError(
            f"no standard cell could be determined within {symprec:g} Å: choose another tolerance"
        )
    lattice, fractional, numbers = found
    return Crystal(
        numbers=np.asarray(numbers, dtype=np.int64),
        positions=np.asarray(fractional, dtype=np.float64) @ np.asarray(lattice),
        cell=np.asarray(lattice, dtype=np.float64),
    )


def _wyckoff_sites(conventional: Crystal, symprec: float) -> tuple[WyckoffSite, ...]:
    from ase.data import chemical_symbols

    dataset = _dataset(conventional, symprec)
    if dataset is None:
        return ()
    fractional = _fractional(conventional) % 1.0
    orbits, first, counts = np.unique(dataset.crystallographic_orbits, return_index=True, return_counts=True)
    sites = [
        WyckoffSite(
            symbol=chemical_symbols[conventional.numbers[i]],
            multiplicity=int(counts[k]),
            letter=str(dataset.wyckoffs[i]),
            site_symmetry=str(dataset.site_symmetry_symbols[i]),
            position=(float(fractional[i, 0]), float(fractional[i, 1]), float(fractional[i, 2])),
        )
        for k, i in zip(range(len(orbits)), first, strict=True)
    ]
    return tuple(sorted(sites, key=lambda site: (site.symbol, site.letter)))
