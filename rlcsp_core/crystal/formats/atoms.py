"""Crystals and ASE atoms, and what makes a crystal usable.  Units: Å.  Shapes: N atoms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rlcsp_core.errors import StructureError
from rlcsp_core.records import Crystal

if TYPE_CHECKING:  # ASE takes a third of a second to import; nothing here needs it before the first file
    from ase import Atoms

SMALLEST_VOLUME = 1e-3  # Å³ per atom; anything below is a cell that was left out or is flat
FULL_OCCUPANCY = 1e-3  # an occupancy this near to 1 is a whole atom: rounded tables write 0.9999
UNREADABLE = "this cannot be read as a crystal structure; give a CIF, POSCAR or extended XYZ file with a cell"
DISORDER = "make an ordered model of it first, every site holding one whole atom"


def to_ase(crystal: Crystal) -> Atoms:
    """The same crystal as ASE atoms, periodic in all directions."""
    from ase import Atoms

    return Atoms(numbers=crystal.numbers, positions=crystal.positions, cell=crystal.cell, pbc=True)


def from_ase(atoms: Atoms) -> Crystal:
    """The crystal in `atoms`; StructureError where there is none."""
    _refuse_disorder(atoms)
    crystal = usable(
        Crystal(
            numbers=np.array(atoms.numbers, dtype=np.int64),
            positions=np.array(atoms.positions, dtype=np.float64),
            cell=np.array(atoms.cell.array, dtype=np.float64),
        )
    )
    if not atoms.pbc.all():
        raise StructureError(
            "the structure is not periodic in all three directions: only bulk crystals can be used"
        )
    return crystal


def usable(crystal: Crystal) -> Crystal:
    """The crystal itself; StructureError where it has no atoms, no cell, or no finite numbers."""
    if crystal.n_atoms == 0:
        raise StructureError("the structure has no atoms: give a file that lists at least one")
    if not (np.isfinite(crystal.positions).all() and np.isfinite(crystal.cell).all()):
        raise StructureError(
            "the structure has coordinates that are not finite numbers: correct or remove them"
        )
    if not crystal.cell.any():
        raise StructureError("the structure has no cell: add the three lattice vectors")
    if crystal.volume < SMALLEST_VOLUME * crystal.n_atoms:
        raise StructureError(
            f"the cell has no volume ({crystal.volume:.3g} Å³): give three independent vectors"
        )
    if (crystal.numbers < 1).any():
        raise StructureError("the structure holds a dummy atom (X): give every atom an element")
    return crystal


def is_whole(occupancy: float) -> bool:
    return abs(occupancy - 1) <= FULL_OCCUPANCY


def _refuse_disorder(atoms: Atoms) -> None:
    """ASE keeps occupancies beside the atoms, as a column or, from its own CIF reader, by site and element."""
    columns: list[Any] = [values for name, values in atoms.arrays.items() if "occ" in name.lower()]
    by_site = atoms.info.get("occupancy")
    if isinstance(by_site, dict):
        columns += [list(site.values()) for site in by_site.values()]
    for occupancy in (each for column in columns for each in np.ravel(column)):
        try:
            whole = is_whole(float(occupancy))
        except (TypeError, ValueError):
            whole = False
        if not whole:
            raise StructureError(f"a site is only partly occupied ({str(occupancy)[:20]}): {DISORDER}")


def shown(text: str) -> str:
    """A stretch of a file as it may be quoted, without angle brackets."""
    return repr(text[:40].replace("<", "‹").replace(">", "›"))


def because(error: Exception) -> str:
    """What a reader said, on one short line; it may quote the file."""
    words = " ".join(str(error).split()).replace("<", "‹").replace(">", "›")
    return f" ({words[:120]})" if words else ""
