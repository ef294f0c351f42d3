"""Several structures in one file, each with what is known of it: extended XYZ, and ASE's own database."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rlcsp_core.crystal.formats.atoms import to_ase
from rlcsp_core.records import Crystal


class Frame(NamedTuple):
    """A structure with what a file says of it."""

    crystal: Crystal
    values: Mapping[str, Any]  # those that are None are left out
    energy: float | None = None  # eV/atom, on the scale of who relaxed it

    @property
    def said(self) -> dict[str, Any]:
        return {name: value for name, value in self.values.items() if value is not None}


def extxyz(frames: Iterable[Frame]) -> bytes:
    from ase.io import write

    text, images = io.StringIO(), []
    for frame in frames:
        atoms = to_ase(frame.crystal)
        atoms.info = frame.said
        images.append(atoms)
    if images:
        write(text, images, format="extxyz")
    return text.getvalue().encode()


def ase_database(frames: Iterable[Frame]) -> bytes:
    """The content of an SQLite file for `ase.db.connect`; its energies are those of cells, as is the custom there."""
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.db import connect

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "structures.db"
        database = connect(path, append=False)
        with database:  # one transaction; one for each row takes minutes
            for frame in frames:
                atoms = to_ase(frame.crystal)
                if frame.energy is not None:
                    atoms.calc = SinglePointCalculator(atoms, energy=frame.energy * len(atoms))
                database.write(atoms, **frame.said)
        return path.read_bytes()
