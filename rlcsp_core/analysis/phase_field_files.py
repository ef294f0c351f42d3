"""A phase field as files: a table (CSV), and the lowest structures with their energies (extended XYZ).

One line of the table a composition; energies are eV/atom, differences meV/atom, one set of columns for each energy, for
the scales of two energies differ.  Structures are the lowest of each composition by each energy: `relaxed_by` says by
which, and each carries all energies of its composition.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from rlcsp_core.analysis.file_forms import Form
from rlcsp_core.analysis.phase_field import IONS, FieldPoint, PhaseField
from rlcsp_core.crystal.formats import FORMATS as CRYSTAL_FORMATS
from rlcsp_core.crystal.formats import frames
from rlcsp_core.crystal.formats.frames import Frame
from rlcsp_core.records import Crystal
from rlcsp_core.store import Reader


def energies_of(field: PhaseField) -> list[str]:
    """All that any composition has, ions first."""
    models = {energy for point in field.points for energy in point.energies} - {IONS}
    return [IONS, *sorted(models)]


def values_of(point: FieldPoint, field: PhaseField) -> dict[str, Any]:
    """One line of the table; None where there is no number."""
    values: dict[str, Any] = {"formula": point.formula, "atoms": point.n_atoms_formula}
    values |= {f"x_{m}": x for m, x in zip(field.end_members, point.fractions, strict=True)}
    values |= {"known": point.known, "searches": point.n_finished, "hits": point.hits}
    for energy in energies_of(field):
        hull = point.hulls.get(energy)
        values |= {
            f"{energy}_energy_per_atom": point.energies.get(energy),
            f"{energy}_formation_mev": None if hull is None else 1000 * hull.formation,
            f"{energy}_above_hull_mev": None if hull is None else 1000 * hull.above,
            f"{energy}_structure": point.found.get(energy),
            f"{energy}_reason": point.reasons.get(energy),
        }
    return values


def table_of(field: PhaseField) -> pd.DataFrame:
    return pd.DataFrame([values_of(point, field) for point in field.points])


def csv(field: PhaseField, reader: Reader) -> bytes:  # noqa: ARG001 - like the others
    return table_of(field).to_csv(index=False, lineterminator="\n").encode()


def lowest_structures(
    field: PhaseField, reader: Reader, points: Sequence[FieldPoint] | None = None
) -> Iterator[tuple[FieldPoint, str, Crystal]]:
    """(composition, energy, the structure that is lowest in it) of these points, of all by default."""
    chosen = field.points if points is None else points
    refined = {
        (each.model, each.key): each.crystal
        for each in reader.refinements([run_id for point in chosen for run_id in point.runs])
    }
    for point in chosen:
        for energy, key in point.lowest.items():
            yield point, energy, refined.get((energy, key)) or reader.crystal(key)


def on_hull_of(field: PhaseField, energy: str) -> list[FieldPoint]:
    return [point for point in field.points if point.stable(energy)]


def extxyz(field: PhaseField, reader: Reader) -> bytes:
    return frames.extxyz(_frame(*found) for found in lowest_structures(field, reader))


def hull_archive(field: PhaseField, reader: Reader) -> bytes:
    """The structures of the hull as CIF, by the energy that has the last word, both tables, and all as extended XYZ."""
    found = list(lowest_structures(field, reader))
    stable = on_hull_of(field, field.last_word)
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("table.csv", csv(field, reader))
        archive.writestr("structures.extxyz", frames.extxyz(_frame(*each) for each in found))
        for point, energy, crystal in found:
            if energy == field.last_word and point in stable:
                archive.writestr(f"hull/{point.formula}.cif", CRYSTAL_FORMATS["cif"].write(crystal))
    return kept.getvalue()


def _frame(point: FieldPoint, energy: str, crystal: Crystal) -> Frame:
    key = point.lowest[energy]
    values: dict[str, Any] = {
        "formula": point.formula,
        "relaxed_by": energy,
        "run_id": key.run_id,
        "structure": f"{key.source}-{key.number}",
    }
    for each, level in point.energies.items():
        values[f"{each}_energy_per_atom"] = level
        if each in point.hulls:
            values[f"{each}_above_hull"] = point.hulls[each].above
    return Frame(crystal, values)


FORMS: Mapping[str, Form[[PhaseField, Reader]]] = {
    ".csv": Form("Table (CSV)", csv, "text/csv"),
    ".extxyz": Form("Structures (extended XYZ)", extxyz, "text/plain"),
    ".zip": Form("Structures of the hull (ZIP of CIF)", hull_archive, "application/zip"),
}
