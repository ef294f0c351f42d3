"""The files of an archive (see `archive`) as they are written: columns, types, encodings.

Encodings are chosen by column: few values by a dictionary, floats split into streams of bytes, times as differences.
"""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from rlcsp_core.store import schema, thinning
from rlcsp_core.store.archive import FORMAT, LIVE, METADATA, POPULATION, RUNS, STEPS, STRUCTURES, UPDATES
from rlcsp_core.store.arrow import arrow_schema
from rlcsp_core.store.arrow_structures import SINGLE, structures_schema
from rlcsp_core.store.records import RunInfo
from rlcsp_core.tables import PopulationTable, StepTable, UpdateTable

SECONDS = pa.decimal128(12, 2)  # kept as whole numbers of 10 ms
THIN_TYPES = {
    "elapsed": SECONDS,
    **dict.fromkeys(("reward", "kT", "seconds", "gradient_norm", "entropy"), SINGLE),
    **dict.fromkeys(("probabilities", "theta"), pa.list_(SINGLE)),
}
# few values, or the same again and again; the rest is split into streams of bytes, or written as differences
DICTIONARY = ("probabilities", "current_energy", "best_energy")
SPLIT = ("attempts", "n_atoms", "parent")
TOGETHER = {STRUCTURES: 1 << 11}  # rows of a group, which holds whole runs
MANY = 1 << 16
THOROUGH, QUICK = 19, 3  # levels of zstd


class Form(NamedTuple):
    """How runs are written."""

    experiment: str | None
    thin: bool

    @property
    def schemas(self) -> dict[str, pa.Schema]:
        types = THIN_TYPES if self.thin else {}
        left_out = thinning.LEFT_OUT if self.thin else {}
        tables = {POPULATION: PopulationTable, STEPS: StepTable, UPDATES: UpdateTable}
        found = {name: arrow_schema(kind, types, left_out.get(kind, ())) for name, kind in tables.items()}
        return {RUNS: runs_schema(), **found, STRUCTURES: structures_schema(self.thin)}


def runs_schema() -> pa.Schema:
    """As in the database."""
    names = [field.name for field in fields(RunInfo) if field.name not in LIVE]
    kinds = {int: pa.int64(), float: pa.float64(), str: pa.string()}
    types = {name: kinds[schema.runs.c[name].type.python_type] for name in names}
    return pa.schema({**types, "checkpoint": pa.string()})


class Writer:
    """One file; a group of rows holds whole runs."""

    def __init__(self, path: Path, columns: pa.Schema, form: Form) -> None:
        about = {"format": FORMAT, "experiment": form.experiment, "thinned": form.thin}
        leaves = {leaf(field): encoding(field) for field in columns}
        self._file = pq.ParquetWriter(
            path,
            columns.with_metadata({METADATA: json.dumps(about).encode()}),
            compression="zstd",
            compression_level=THOROUGH if form.thin else QUICK,
            write_statistics=False,  # they help to skip groups by value, which nobody does here
            store_decimal_as_integer=True,
            use_dictionary=[name for name, chosen in leaves.items() if chosen is None],
            column_encoding={name: chosen for name, chosen in leaves.items() if chosen is not None},
        )
        self._together = TOGETHER.get(path.name, MANY)
        self._waiting: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        self._waiting.append(table)
        if sum(map(len, self._waiting)) >= self._together:
            self._flush()

    def _flush(self) -> None:
        table = pa.concat_tables(self._waiting) if self._waiting else ()
        if len(table):
            self._file.write_table(table, row_group_size=len(table))
        self._waiting = []

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._file.close()


def leaf(field: pa.Field) -> str:
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)


def encoding(field: pa.Field) -> str | None:
    """None: a dictionary."""
    kind = field.type.value_type if pa.types.is_list(field.type) else field.type
    if field.name in DICTIONARY:
        return None
    if pa.types.is_decimal(kind) or field.name == "step":
        return "DELTA_BINARY_PACKED"
    return "BYTE_STREAM_SPLIT" if pa.types.is_floating(kind) or field.name in SPLIT else None
