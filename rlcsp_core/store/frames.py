"""Structures of a run for other programs, through ASE: extended XYZ and ASE's own database.

Each structure carries where it comes from (`source`, `number`), whether it is `relaxed`, and, if so, its energy: in
extended XYZ as `energy_per_atom` [eV], in the database as the energy of the cell [eV], as is the custom there.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rlcsp_core.crystal.formats import to_ase
from rlcsp_core.records import Crystal
from rlcsp_core.store.records import StructureInfo

if TYPE_CHECKING:
    from ase import Atoms


class StoredStructure(NamedTuple):
    """A structure with what is known of it."""

    info: StructureInfo
    crystal: Crystal


def extxyz(structures: Sequence[StoredStructure]) -> str:
    from ase.io import write

    text = io.StringIO()
    if structures:
        write(text, [_frame(each) for each in structures], format="extxyz")
    return text.getvalue()


def _frame(structure: StoredStructure) -> Atoms:
    info, atoms = structure.info, to_ase(structure.crystal)
    atoms.info = {"source": info.source.value, "number": info.number, "relaxed": info.relaxed}
    if info.relaxed:
        atoms.info["energy_per_atom"] = info.energy
    return atoms


def ase_database(structures: Sequence[StoredStructure]) -> bytes:
    """The content of an SQLite file for `ase.db.connect`; rows are found by `relaxed=1,source=step`, say."""
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.db import connect

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "structures.db"
        database = connect(path, append=False)
        with database:  # one transaction; one for each row takes minutes
            for info, crystal in structures:
                atoms = to_ase(crystal)
                if info.relaxed and info.energy is not None:
                    atoms.calc = SinglePointCalculator(atoms, energy=info.energy * info.n_atoms)
                database.write(atoms, source=info.source.value, number=info.number, relaxed=info.relaxed)
        return path.read_bytes()
