"""Both energies of a second look as files: CSV, extended XYZ, ASE's database.

Energies are eV/atom in tables and extended XYZ.  A structure stands there as the search found it (`relaxed_by` "ions")
and as the model relaxed it; both carry both energies, which have different zeros.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from rlcsp_core.analysis.file_forms import Form
from rlcsp_core.analysis.second_look import Row
from rlcsp_core.crystal.composition import formula_of
from rlcsp_core.crystal.formats import frames
from rlcsp_core.crystal.formats.frames import Frame
from rlcsp_core.store import Source
from rlcsp_core.store.frames import IONS

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
        "known": None if row.known is None else row.known.title,
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
    return frames.extxyz(_frames(rows))


def ase_database(rows: Sequence[Row]) -> bytes:
    return frames.ase_database(_frames(rows))


def _frames(rows: Sequence[Row]) -> Iterator[Frame]:
    for row in rows:
        known = values_of(row)
        # as one: ASE takes no text that reads as a number, which an id may do
        found = f"{known['run_id']}/{known['structure']}"
        values = {**{name: known[name] for name in IN_FRAMES}, "found": found}
        yield Frame(row.first, {"relaxed_by": IONS, **values}, row.energy)
        second = row.second
        if second is not None and second.crystal is not None and second.energy is not None:
            yield Frame(second.crystal, {"relaxed_by": second.model, **values}, second.energy)


FORMS: Mapping[str, Form[[Sequence[Row]]]] = {
    ".csv": Form("Table (CSV)", csv, "text/csv"),
    ".extxyz": Form("Structures (extended XYZ)", extxyz, "text/plain"),
    ".db": Form("Structures (ASE database)", ase_database, "application/octet-stream"),
}
