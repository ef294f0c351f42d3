"""Structures, and what second models made of them, as rows of a Parquet file, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from rlcsp_core.records import Crystal
from rlcsp_core.store.arrow import RUN
from rlcsp_core.store.frames import StoredStructure
from rlcsp_core.store.records import Refinement, Source, StructureInfo, StructureKey

ATOMS = ("numbers", "positions", "cell")
LAST_ELEMENT = 118
SINGLE = pa.float32()


def structures_schema(thin: bool) -> pa.Schema:
    lengths = pa.list_(SINGLE if thin else pa.float64())
    info = (pa.string(), pa.int32(), pa.bool_(), pa.int16(), pa.float64())
    atoms = (pa.list_(pa.int16()), lengths, lengths)
    names = (RUN, *StructureInfo._fields, *ATOMS)
    return pa.schema(dict(zip(names, (pa.string(), *info, *atoms), strict=True)))


def refinements_schema(thin: bool = False) -> pa.Schema:
    text, whole, number = pa.string(), pa.int32(), pa.float64()
    lengths = pa.list_(SINGLE if thin else number)
    key = {RUN: text, "source": text, "number": whole, "model": text, "version": text}
    outcome = {"energy": number, "reason": text, "evaluations": whole, "seconds": number}
    return pa.schema(
        {**key, **outcome, "numbers": pa.list_(pa.int16()), "positions": lengths, "cell": lengths}
    )


def structure_row(structure: StoredStructure, run_id: str) -> dict[str, Any]:
    info, crystal, _ = structure
    atoms = {name: getattr(crystal, name).ravel() for name in ATOMS}
    return {RUN: run_id, **info._asdict(), "source": info.source.value, **atoms}


def refinement_row(made: Refinement) -> dict[str, Any]:
    values = {name: value for name, value in vars(made).items() if name not in ("key", "crystal")}
    atoms = {} if made.crystal is None else {name: getattr(made.crystal, name).ravel() for name in ATOMS}
    return {
        RUN: made.key.run_id,
        "source": made.key.source.value,
        "number": made.key.number,
        **values,
        **atoms,
    }


def crystal_of(row: pa.Table) -> Crystal:
    """One row of structures.  ValueError where it is none."""
    numbers, positions, cell = (np.array(row[name][0].as_py(), dtype=np.float64) for name in ATOMS)
    known = (numbers >= 1) & (numbers <= LAST_ELEMENT)
    if not (known.all() and np.isfinite(positions).all() and np.isfinite(cell).all()):
        raise ValueError("one of its structures is damaged")
    return Crystal(numbers.astype(np.int64), positions.reshape(len(numbers), 3), cell.reshape(3, 3))


def refinement_of(row: pa.Table) -> Refinement:
    """One row of refinements.  ValueError where it is none."""
    values = row.select([name for name in row.column_names if name not in ATOMS]).to_pylist()[0]
    key = StructureKey(values.pop(RUN), Source(values.pop("source")), values.pop("number"))
    crystal = None if values["energy"] is None else crystal_of(row)
    return Refinement(key=key, crystal=crystal, **values)
