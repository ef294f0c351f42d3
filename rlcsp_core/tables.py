"""What is recorded of a run, field by field: the name, kind and unit of each stand here once.

A table holds its fields as NumPy columns of one length, in order.  The tables of the database, the Parquet files of an
archive and what a repetition compares follow from the fields (`store/columns.py`); a new one is added here and in the
record that the search makes (`records.py`), where its meaning is told.

Shapes: T steps, P members of the initial population, U learning updates, A actions, F features.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from rlcsp_core.records import Array, BoolArray, IntArray

ObjectArray = NDArray[np.object_]


class Kind(Enum):
    """What a field holds in one row."""

    COUNT = auto()  # a whole number
    SMALL = auto()  # of at most 16 bits
    NUMBER = auto()  # of 64 bits
    FLAG = auto()
    TEXT = auto()
    VECTOR = auto()  # numbers [A]
    MATRIX = auto()  # numbers [A, F]


class Field(NamedTuple):
    """One column."""

    name: str
    kind: Kind
    unit: str
    empty: bool  # may have no value: NaN or None here, null in files and databases
    measured: bool  # a time: no part of what is the same when the run is repeated


def column(kind: Kind, unit: str = "", *, empty: bool = False, measured: bool = False) -> Any:
    return dataclasses.field(metadata={"kind": kind, "unit": unit, "empty": empty, "measured": measured})


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of one length."""

    @classmethod
    @cache
    def fields(cls) -> tuple[Field, ...]:
        return tuple(Field(field.name, **field.metadata) for field in dataclasses.fields(cls))

    def __len__(self) -> int:
        return len(getattr(self, self.fields()[0].name))

    def rows(self, chosen: slice | IntArray | BoolArray) -> Self:
        return type(self)(**{field.name: getattr(self, field.name)[chosen] for field in self.fields()})


@dataclass(frozen=True, eq=False)
class StepTable(Table):
    """Steps of one run; see `records.StepRecord`."""

    step: IntArray = column(Kind.COUNT)  # [T] from 1
    action: IntArray = column(Kind.SMALL)  # [T] numbers as published
    attempts: IntArray = column(Kind.COUNT)  # [T]
    energy: Array = column(Kind.NUMBER, "eV/atom", empty=True)  # [T] NaN where there is none
    reason: ObjectArray = column(Kind.TEXT, empty=True)  # [T] str or None
    accepted: BoolArray = column(Kind.FLAG)  # [T]
    current_energy: Array = column(Kind.NUMBER, "eV/atom", empty=True)  # [T]
    best_energy: Array = column(Kind.NUMBER, "eV/atom", empty=True)  # [T]
    reward: Array = column(Kind.NUMBER, "deviations of the initial energies", empty=True)  # [T]
    probabilities: Array = column(Kind.VECTOR)  # [T, A]
    kT: Array = column(Kind.NUMBER, "eV")  # [T]
    n_atoms: IntArray = column(Kind.SMALL)  # [T]
    evaluations: IntArray = column(Kind.COUNT)  # [T]
    relax_seconds: Array = column(Kind.NUMBER, "s", measured=True)  # [T]
    elapsed: Array = column(Kind.NUMBER, "s", measured=True)  # [T]
    cpu_seconds: Array = column(Kind.NUMBER, "s", empty=True, measured=True)  # [T]
    parent: Array = column(Kind.COUNT, empty=True)  # [T] steps, 0: the population; NaN where none is recorded


@dataclass(frozen=True, eq=False)
class PopulationTable(Table):
    """The initial population of one run; see `records.PopulationRecord`."""

    index: IntArray = column(Kind.COUNT)  # [P] from 0
    attempts: IntArray = column(Kind.COUNT)  # [P]
    energy: Array = column(Kind.NUMBER, "eV/atom", empty=True)  # [P] NaN where there is none
    reason: ObjectArray = column(Kind.TEXT, empty=True)  # [P] str or None
    evaluations: IntArray = column(Kind.COUNT)  # [P]
    seconds: Array = column(Kind.NUMBER, "s", measured=True)  # [P]


@dataclass(frozen=True, eq=False)
class UpdateTable(Table):
    """Learning updates of one run; see `records.Update`."""

    step: IntArray = column(Kind.COUNT)  # [U] the step that ended the episode
    theta: Array = column(Kind.MATRIX)  # [U, A, F] after the update
    gradient_norm: Array = column(Kind.NUMBER, empty=True)  # [U] NaN where it is not finite
    entropy: Array = column(Kind.NUMBER, "nats", empty=True)  # [U]
    kl: Array = column(Kind.NUMBER, "nats", empty=True)  # [U]

    @property
    def known(self) -> BoolArray:
        """[U] whether θ is there: exported results leave most of them out, as NaN."""
        return np.asarray(~np.isnan(self.theta).all(axis=(1, 2)))


class Tally(NamedTuple):
    """How the steps with one action ended."""

    accepted: int = 0
    rejected: int = 0  # relaxed, not accepted
    failed: int = 0  # no energy

    @property
    def total(self) -> int:
        return sum(self)
