"""From the fields of a table to columns of the database, and from rows to NumPy.

Each kind of field has one SQL type, one way into a row and one way out of many.  Numbers come back bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
from sqlalchemy import Column, Double, Integer, LargeBinary, SmallInteger, String
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

from rlcsp_core.store.packing import finite, pack_matrix, pack_vector, unpack_matrices, unpack_vectors
from rlcsp_core.tables import Field, Kind, Table

REASON_LENGTH = 200  # of one step; longer ones are cut
Blob = LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")

Values = list[Any]
T = TypeVar("T", bound=Table)


class Sql(NamedTuple):
    """How a kind of field is kept in a database."""

    type: TypeEngine[Any]
    into: Callable[[Any], Any]  # a row
    out: Callable[[Values], Any]  # of rows


def floats(values: Sequence[float | None]) -> Any:
    """[K], NaN for NULL."""
    return np.array(values, dtype=np.float64)


def integers(values: Values) -> Any:
    return np.array(values, dtype=np.int64)


def flags(values: Values) -> Any:
    return np.array(values, dtype=np.bool_)


def objects(values: Values) -> Any:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def as_it_is(value: Any) -> Any:
    return value


def cut(reason: str | None) -> str | None:
    return None if reason is None else reason[:REASON_LENGTH]


SQL: Mapping[Kind, Sql] = {
    Kind.COUNT: Sql(Integer(), as_it_is, integers),
    Kind.SMALL: Sql(SmallInteger(), as_it_is, integers),
    Kind.NUMBER: Sql(Double(), finite, floats),
    Kind.FLAG: Sql(SmallInteger(), int, flags),
    Kind.TEXT: Sql(String(REASON_LENGTH), cut, objects),
    Kind.VECTOR: Sql(LargeBinary(1024), pack_vector, unpack_vectors),
    Kind.MATRIX: Sql(Blob, pack_matrix, unpack_matrices),
}


def sql_columns(table: type[Table]) -> list[Column[Any]]:
    """The first field numbers the rows of a run and is part of the primary key."""
    key, *others = table.fields()
    return [
        Column(key.name, SQL[key.kind].type, primary_key=True, autoincrement=False),
        *(Column(field.name, SQL[field.kind].type, nullable=field.empty) for field in others),
    ]


def row_of(table: type[Table], values: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the database; values beside the fields are passed over."""
    return {field.name: SQL[field.kind].into(values[field.name]) for field in table.fields()}


def table_of(table: type[T], rows: Sequence[Sequence[Any]]) -> T:
    """From rows that hold the fields in order."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(table.fields())
    pairs = zip(table.fields(), columns, strict=True)
    return table(**{field.name: numpy_of(field, list(values)) for field, values in pairs})


def numpy_of(field: Field, values: Values) -> Any:
    whole = field.kind in (Kind.COUNT, Kind.SMALL)
    return floats(values) if whole and field.empty else SQL[field.kind].out(values)
