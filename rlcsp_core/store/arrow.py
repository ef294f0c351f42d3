"""From the fields of a table to columns of a Parquet file, and back.

Each kind of field has one type; an energy that does not exist is null.  A matrix is written row by row, and the file
says in `n_actions` how many rows it has.  Shapes: K rows of a table, A actions, F features.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from rlcsp_core.records import Array, BoolArray, IntArray
from rlcsp_core.store.columns import objects
from rlcsp_core.tables import Field, Kind, Table

NUMBERS = pa.list_(pa.float64())
TYPES: Mapping[Kind, pa.DataType] = {
    Kind.COUNT: pa.int32(),
    Kind.SMALL: pa.int16(),
    Kind.NUMBER: pa.float64(),
    Kind.FLAG: pa.bool_(),
    Kind.TEXT: pa.string(),
    Kind.VECTOR: NUMBERS,
    Kind.MATRIX: NUMBERS,
}
RUN, ACTIONS = "run", "n_actions"
T = TypeVar("T", bound=Table)


def arrow_schema(
    table: type[Table], types: Mapping[str, pa.DataType] | None = None, without: Iterable[str] = ()
) -> pa.Schema:
    """Whose a row is, and the fields with their units; `types` for those that have others than their kind's."""
    fields = [pa.field(RUN, pa.string())]
    for field in table.fields():
        if field.name in without:
            continue
        if field.kind is Kind.MATRIX:
            fields.append(pa.field(ACTIONS, pa.int16()))
        unit = {"unit": field.unit} if field.unit else None
        fields.append(pa.field(field.name, (types or {}).get(field.name, TYPES[field.kind]), metadata=unit))
    return pa.schema(fields)


def to_arrow(table: Table, run_id: str, schema: pa.Schema) -> pa.Table:
    """Rows of one run.  A row of NaN in a vector or matrix is null."""
    kinds = {field.name: field.kind for field in table.fields()}
    columns: dict[str, Any] = {RUN: [run_id] * len(table)}
    for name in schema.names:
        values: Any = getattr(table, name, None)
        match kinds.get(name):
            case Kind.MATRIX:
                columns[ACTIONS] = [values.shape[1]] * len(table)
                columns[name] = lists(values.reshape(len(table), -1) if len(table) else np.zeros((0, 1)))
            case Kind.VECTOR:
                columns[name] = lists(values)
            case Kind.NUMBER | Kind.COUNT | Kind.SMALL:
                columns[name] = pa.array(values, from_pandas=True)
            case Kind.TEXT | Kind.FLAG:
                columns[name] = pa.array(values)
    return pa.table(
        [pa.array(columns[f.name]).cast(f.type, safe=not pa.types.is_decimal(f.type)) for f in schema],
        schema=schema,
    )


def from_arrow(table: type[T], columns: pa.Table) -> T:
    """Fields that the file does not have are NaN; so are vectors and matrices that are null."""
    return table(**{field.name: numpy_of(field, columns) for field in table.fields()})


def numpy_of(field: Field, columns: pa.Table) -> Any:
    """One column of a file.  ValueError where there is no value and must be one."""
    if field.name not in columns.column_names:
        if field.kind in (Kind.NUMBER, Kind.COUNT, Kind.SMALL):
            return np.full(len(columns), np.nan)
        raise ValueError(f"it has no column {field.name}")
    column = columns[field.name]
    match field.kind:
        case Kind.MATRIX:
            rows = {int(n) for n in set(columns[ACTIONS].to_pylist())}
            values = matrix(column)
            return values.reshape(len(columns), *rows, -1) if len(columns) else np.zeros((0, 0, 0))
        case Kind.VECTOR:
            return matrix(column)
        case Kind.TEXT:
            return objects(column.cast(pa.string()).to_pylist())
    if column.null_count and not field.empty:
        raise ValueError(f"its column {field.name} has gaps")
    if field.kind is Kind.NUMBER or field.empty:
        return numbers(column)
    dtype = np.bool_ if field.kind is Kind.FLAG else np.int64
    return column.cast(TYPES[field.kind]).to_numpy().astype(dtype)


def numbers(column: pa.ChunkedArray) -> Array:
    """[K], NaN for null."""
    found = np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    return np.round(found, column.type.scale) if pa.types.is_decimal(column.type) else found


def lists(matrix: Array) -> pa.Array:
    """[K, N] as K lists, null for rows of NaN."""
    known = ~np.isnan(matrix).all(axis=1)
    ends = np.concatenate([[0], np.cumsum(known)]).astype(np.int32) * matrix.shape[1]
    values = pa.array(matrix[known].ravel())
    return pa.ListArray.from_arrays(pa.array(ends), values, mask=pa.array(~known))


def matrix(column: pa.ChunkedArray) -> Array:
    """K lists of one length as [K, N], rows of NaN for null."""
    if not len(column):
        return np.zeros((0, 0))
    known: BoolArray = np.asarray(column.is_valid())
    values = column.drop_null().cast(NUMBERS)
    flat = np.concatenate([np.asarray(chunk.flatten()) for chunk in values.chunks] or [np.zeros(0)])
    width = len(flat) // max(int(known.sum()), 1)
    if not np.array_equal(np.unique(values_lengths(values)), [width] if known.any() else []):
        raise ValueError("its lists differ in length")
    found = np.full((len(column), width), np.nan)
    found[known] = flat.reshape(-1, width)
    return found


def values_lengths(column: pa.ChunkedArray) -> IntArray:
    import pyarrow.compute as pc

    return np.asarray(pc.list_value_length(column).to_numpy(), dtype=np.int64)
