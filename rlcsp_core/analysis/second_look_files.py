"""Both energies of a second look as files: CSV, extended XYZ, ASE's database.

Energies are eV/atom in tables and extended XYZ.  A structure stands there as the search found it (`relaxed_by` "ions")
and as the model relaxed it; both carry both energies, which have different zeros.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from rlcsp_core.analysis.second_look import Row
from rlcsp_core.crystal.composition import formula_of
from rlcsp_core.crystal.formats import to_ase
from rlcsp_core.errors import ConfigError
from rlcsp_core.store import Source
from rlcsp_core.store.frames import IONS

if TYPE_CHECKING:
    from ase import Atoms

IN_FRAMES = (
    "rank", "model_rank", "energy_per_atom", "model_energy_per_atom", "volume_change", "a_change", "b_change",
    "c_change", "potential", "model", "version",
)  # fmt: skip


def values_of(row: Row) -> dict[str, Any]:
    """One line of a table; None where there is no number."""
    best, second = row.group.best, row.second
    a, b, c = row.lattice or (None, None, None)
    return {
        "composition": formula_of(row.first.numbers),
        "potential": row.potential,
        "rank": row.rank,
        "model_rank": row.second_rank,
        "energy_per_atom": row.energy,
        "model_energy_per_atom": None if second is None else second.energy,
        "model_mev_above": None if row.above is None else 1000 * row.above,
        "volume_change": row.swelling,
        "a_change": a,
        "b_change": b,
        "c_change": c,
        "space_group": row.space_groups[0],
        "model_space_group": row.space_groups[1],
        "known": None if row.known is None else row.known.name,
        "seconds": None if second is None else second.seconds,
        "run_id": best.run_id,
        "structure": f"{'step' if best.source == Source.STEP else 'member'}-{best.number}",
        "model": None if second is None else second.model,
        "version": None if second is None else second.version,
        "reason": None if second is None else second.reason,
    }


def table_of(rows: Sequence[Row]) -> pd.DataFrame:
    return pd.DataFrame([values_of(row) for row in rows])


def csv(rows: Sequence[Row]) -> bytes:
    return table_of(rows).to_csv(index=False, lineterminator="\n").encode()


def extxyz(rows: Sequence[Row]) -> bytes:
    from ase.io import write

    text = io.StringIO()
    frames = []
    for atoms, values, _ in _frames(rows):
        atoms.info = {name: value for name, value in values.items() if value is not None}
        frames.append(atoms)
    write(text, frames, format="extxyz")
    return text.getvalue().encode()


def ase_database(rows: Sequence[Row]) -> bytes:
    """The content of an SQLite file for `ase.db.connect`; its energies are those of cells, as is the custom there."""
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.db import connect

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "structures.db"
        database = connect(path, append=False)
        with database:  # one transaction
            for atoms, values, energy in _frames(rows):
                atoms.calc = SinglePointCalculator(atoms, energy=energy * len(atoms))
                database.write(atoms, **{name: value for name, value in values.items() if value is not None})
        return path.read_bytes()


def _frames(rows: Sequence[Row]) -> Iterator[tuple[Atoms, dict[str, Any], float]]:
    """Atoms, what is known of them, and their energy [eV/atom] on the scale of who relaxed them."""
    for row in rows:
        known = values_of(row)
        # as one: ASE takes no text that reads as a number, which an id may do
        found = f"{known['run_id']}/{known['structure']}"
        values = {**{name: known[name] for name in IN_FRAMES}, "found": found}
        yield to_ase(row.first), {"relaxed_by": IONS, **values}, row.energy
        second = row.second
        if second is not None and second.crystal is not None and second.energy is not None:
            yield to_ase(second.crystal), {"relaxed_by": second.model, **values}, second.energy


class Form(NamedTuple):
    """A kind of file."""

    label: str
    write: Callable[[Sequence[Row]], bytes]
    mime: str


FORMS: Mapping[str, Form] = {
    ".csv": Form("Table (CSV)", csv, "text/csv"),
    ".extxyz": Form("Structures (extended XYZ)", extxyz, "text/plain"),
    ".db": Form("Structures (ASE database)", ase_database, "application/octet-stream"),
}


def form_of(path: Path) -> Form:
    """By the ending of its name; ConfigError with the choices."""
    try:
        return FORMS[path.suffix]
    except KeyError:
        raise ConfigError(f"the file {str(path)!r} must end in one of {', '.join(FORMS)}") from None
