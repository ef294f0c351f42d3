"""Structures of a run for other programs, through ASE: extended XYZ and ASE's own database.

Each structure carries where it comes from (`source`, `number`), whether it is `relaxed`, and, if so, by whom
(`relaxed_by`: "ions", or a second model) and its energy [eV]: as `energy_per_atom`, and in the database also as the
energy of the cell on the scale of who relaxed it, as is the custom there.  What a second model has relaxed again stands
in both forms; both carry its energy too, as `energy_per_atom_diep`, say, whose zero is another.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rlcsp_core.crystal.formats import to_ase
from rlcsp_core.records import Crystal
from rlcsp_core.store.records import Refinement, StructureInfo

if TYPE_CHECKING:
    from ase import Atoms

IONS = "ions"


class StoredStructure(NamedTuple):
    """A structure with what is known of it."""

    info: StructureInfo
    crystal: Crystal
    again: Sequence[Refinement] = ()  # of it


class Frame(NamedTuple):
    """Atoms with what a file says of them."""

    atoms: Atoms
    values: dict[str, Any]
    energy: float | None  # eV/atom, on the scale of who relaxed them


def energies(energy: float | None, again: Sequence[Refinement]) -> dict[str, str | float]:
    """Of one structure by all who have one [eV/atom]; names are fit for files."""
    found = {"energy_per_atom": energy}
    for each in again:
        found["energy_per_atom_" + re.sub(r"\W", "_", each.model)] = each.energy
    return {name: value for name, value in found.items() if value is not None}


def extxyz(structures: Sequence[StoredStructure]) -> str:
    from ase.io import write

    text, frames = io.StringIO(), []
    for atoms, values, _ in _frames(structures):
        atoms.info = values
        frames.append(atoms)
    if frames:
        write(text, frames, format="extxyz")
    return text.getvalue()


def ase_database(structures: Sequence[StoredStructure]) -> bytes:
    """The content of an SQLite file for `ase.db.connect`; rows are found by `relaxed=1,source=step`, say."""
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.db import connect

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "structures.db"
        database = connect(path, append=False)
        with database:  # one transaction; one for each row takes minutes
            for atoms, values, energy in _frames(structures):
                if energy is not None:
                    atoms.calc = SinglePointCalculator(atoms, energy=energy * len(atoms))
                database.write(atoms, **values)
        return path.read_bytes()


def _frames(structures: Sequence[StoredStructure]) -> Iterator[Frame]:
    for info, crystal, again in structures:
        values = {"source": info.source.value, "number": info.number, "relaxed": info.relaxed}
        if not info.relaxed:
            yield Frame(to_ase(crystal), values, None)
            continue
        known = energies(info.energy, again)
        yield Frame(to_ase(crystal), {**values, "relaxed_by": IONS, **known}, info.energy)
        for each in again:
            if each.crystal is not None:
                yield Frame(to_ase(each.crystal), {**values, "relaxed_by": each.model, **known}, each.energy)
