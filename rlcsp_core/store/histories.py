"""What runs record: the initial population, the steps, the learning updates.

Records, structures, totals and checkpoint are written in one transaction.  The totals of a run (steps, best energy, how
each action fared) are columns of the run, so that a list of runs or a page that polls needs no count over the history.

A history is always read through its primary key (run, number): a window, the rows after the last one seen, or every
k-th row.  `k` is a power of two, so that the points of a chart that is drawn again stay where they are.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, Row, Select, Table, func, insert, select, update

from rlcsp_core.errors import NotFoundError, StoreError
from rlcsp_core.records import (
    NO_TRIAL,
    SAME_ENERGY,
    Array,
    PopulationRecord,
    SearchRecord,
    StepRecord,
    StopRecord,
)
from rlcsp_core.store import schema
from rlcsp_core.store.claims import owned
from rlcsp_core.store.columns import floats, row_of, table_of
from rlcsp_core.store.database import Connected
from rlcsp_core.store.packing import pack_json
from rlcsp_core.store.records import Claim, Request, RunState, Source
from rlcsp_core.store.runs import Values, canonical, closing, run_key, run_row, set_values
from rlcsp_core.store.structures import structure_rows
from rlcsp_core.tables import Kind, PopulationTable, StepTable, UpdateTable

# the state a StopRecord leaves a run in; any other reason is one why the search could not go on
STATE_AFTER = {
    "target": RunState.FINISHED,
    "steps": RunState.FINISHED,
    "time": RunState.FINISHED,
    "stalled": RunState.FINISHED,
    "stopped": RunState.STOPPED,
}
SERIES = tuple(field.name for field in StepTable.fields() if field.kind not in (Kind.TEXT, Kind.VECTOR))


class Orders(NamedTuple):
    """What a worker finds asked of its run."""

    request: Request
    grants: int  # single steps to take while paused


class Histories(Connected):
    """The part of a store that takes records and gives tables."""

    def append(
        self, mine: Claim, records: Iterable[SearchRecord], checkpoint: Mapping[str, Any] | None
    ) -> Orders:
        """One transaction; also the heartbeat.  A `StopRecord` closes the run as finished.

        What is already there is not written twice."""
        with self._writing() as connection:
            row = owned(connection, mine)
            totals, rows = Totals(row), Rows(row.key)
            for record in records:
                if not totals.knows(record):
                    rows.add(record, keep=totals.count(record))
            rows.write(connection)
            if checkpoint is not None:
                write_checkpoint(connection, row.key, checkpoint)
            set_values(connection, row.key, totals.values)
        return Orders(Request(row.request), int(row.grants))

    def beat(self, mine: Claim) -> Orders:
        """A sign of life; what is asked of the run."""
        return self.append(mine, (), None)

    def steps(self, run_id: str, after: int = 0, until: int | None = None) -> StepTable:
        """Steps with after < step ≤ until; `after` the last one seen gives what is new."""
        number = schema.steps.c.step
        with self._reading() as connection:
            query = history(schema.steps, run_key(connection, run_id)).where(number > after)
            query = query if until is None else query.where(number <= until)
            return table_of(StepTable, connection.execute(query).all())

    def overview(self, run_id: str, max_points: int = 2000) -> StepTable:
        """Every k-th step and the last, at most `max_points` + 1; all steps of a run that is short enough."""
        with self._reading() as connection:
            row = run_row(connection, run_id)
            chosen = thinned(row.n_steps, max_points)
            query = history(schema.steps, row.key)
            if len(chosen) < row.n_steps:
                query = query.where(schema.steps.c.step.in_(chosen))
            return table_of(StepTable, connection.execute(query).all())

    def series(self, run_ids: Sequence[str], columns: Sequence[str]) -> dict[str, dict[str, Array]]:
        """Some columns of all steps of many runs, as floats: {run: {column: [T]}}; booleans are 0 and 1."""
        check_series(columns)
        with self._reading() as connection:
            return {each: _series(connection, run_key(connection, each), columns) for each in run_ids}

    def population(self, run_id: str) -> PopulationTable:
        with self._reading() as connection:
            query = history(schema.population, run_key(connection, run_id))
            return table_of(PopulationTable, connection.execute(query).all())

    def updates(self, run_id: str, after: int = 0) -> UpdateTable:
        """Learning updates at steps > after."""
        with self._reading() as connection:
            query = history(schema.updates, run_key(connection, run_id))
            return table_of(UpdateTable, connection.execute(query.where(schema.updates.c.step > after)).all())

    def energies(self, run_id: str) -> Array:
        """[P + T] eV/atom: trials of the population, then of the steps; NaN where a trial has none."""
        with self._reading() as connection:
            key = run_key(connection, run_id)
            return floats(
                [
                    energy
                    for table in (schema.population, schema.steps)
                    for energy in connection.execute(history(table, key, ["energy"])).scalars()
                ]
            )

    def failed_relaxations(self, run_id: str) -> int:
        """Trials of population and steps that were relaxed and have no energy; counts over the history.

        Steps for which no sound trial could be built were not relaxed."""
        total = 0
        with self._reading() as connection:
            key = run_key(connection, run_id)
            for table in (schema.population, schema.steps):
                failed = (table.c.run == key, table.c.energy.is_(None), table.c.reason != NO_TRIAL)
                total += connection.execute(
                    select(func.count()).select_from(table).where(*failed)
                ).scalar_one()
        return total


def history(table: Table, key: int, names: Sequence[str] | None = None) -> Select[Any]:
    """Rows of one run in order, without saying whose they are."""
    run, number, *_ = table.columns
    columns = [c for c in table.columns if c is not run] if names is None else [table.c[n] for n in names]
    return select(*columns).where(run == key).order_by(number)


def thinned(n: int, most: int) -> list[int]:
    """Every k-th of 1 … n and the last one, k the smallest power of two that leaves at most `most`."""
    k = 1
    while n > k * most:
        k *= 2
    chosen = list(range(k, n + 1, k))
    return [*chosen, n] if n % k else chosen


def check_series(columns: Sequence[str]) -> None:
    if unknown := [name for name in columns if name not in SERIES]:
        raise NotFoundError(f"unknown column {unknown[0]!r}; choose from {', '.join(SERIES)}")


def _series(connection: Connection, key: int, names: Sequence[str]) -> dict[str, Array]:
    # numbers straight from the driver: rows as objects would take most of the time for a million steps
    rows = connection.execute(history(schema.steps, key, names)).cursor.fetchall()
    values = np.array(rows, dtype=np.float64).reshape(len(rows), len(names))
    return {name: np.ascontiguousarray(values[:, i]) for i, name in enumerate(names)}


def write_checkpoint(connection: Connection, key: int, checkpoint: Mapping[str, Any]) -> None:
    table = schema.checkpoints
    values = {"data": pack_json(checkpoint)}
    if connection.execute(update(table).where(table.c.run == key).values(values)).rowcount == 0:
        connection.execute(insert(table).values(run=key, **values))


class Totals:
    """The columns of a run that follow from its records."""

    def __init__(self, row: Row[Any]) -> None:
        names = ("n_population", "n_population_failed", "n_steps", "elapsed", "best_energy", "best_step")
        self.values: Values = {name: row._mapping[name] for name in names} | {"heartbeat": time.time()}
        self.run_id = row.id
        self.tally: dict[str, list[int]] = json.loads(row.tally)

    def knows(self, record: SearchRecord) -> bool:
        """Already stored; a gap is a defect and must not be papered over."""
        if isinstance(record, StopRecord):
            return False
        name, number = _numbered(record)
        if number > self.values[name] + 1:
            raise StoreError(f"run {self.run_id}: record {number} of {name} came after {self.values[name]}")
        return bool(number <= self.values[name])

    def count(self, record: SearchRecord) -> bool:
        """Take a record into the totals; True if it is a new best."""
        if isinstance(record, StopRecord):
            state = STATE_AFTER.get(record.reason, RunState.FAILED)
            self.values |= closing(state, record.reason) | {"target_step": record.target_step}
            return False
        name, number = _numbered(record)
        self.values[name] = number
        if isinstance(record, StepRecord):
            self._count_step(record)
        else:
            self.values["n_population_failed"] += record.energy is None
            self.values["elapsed"] += record.seconds
        best = self.values["best_energy"]
        # less is noise of the relaxation: the same structure found again
        if record.energy is None or (best is not None and record.energy > best - SAME_ENERGY):
            return False
        self.values |= {"best_energy": record.energy, "best_step": getattr(record, "step", 0)}
        return True

    def _count_step(self, record: StepRecord) -> None:
        self.values["elapsed"] = record.elapsed
        outcome = 0 if record.accepted else 1 if record.energy is not None else 2  # as in tables.Tally
        self.tally.setdefault(str(record.action), [0, 0, 0])[outcome] += 1
        self.values["tally"] = canonical(self.tally)


def _numbered(record: PopulationRecord | StepRecord) -> tuple[str, int]:
    if isinstance(record, StepRecord):
        return "n_steps", record.step
    return "n_population", record.index + 1


class Rows:
    """Records as rows, table by table, so that each table is written by one statement."""

    def __init__(self, key: int) -> None:
        self.key = key
        self.rows: dict[Table, list[Values]] = {}

    def add(self, record: SearchRecord, keep: bool) -> None:
        """keep: with its structures; those of population, accepted steps and new ground are always kept."""
        if isinstance(record, StepRecord):
            self._into(schema.steps, [row_of(StepTable, vars(record))])
            if record.update is not None:
                learned = {"step": record.step, **vars(record.update)}
                self._into(schema.updates, [row_of(UpdateTable, learned)])
            if keep or record.accepted or record.kept:
                self._into(schema.structures, structure_rows(Source.STEP, record.step, record))
        elif isinstance(record, PopulationRecord):
            self._into(schema.population, [row_of(PopulationTable, vars(record))])
            self._into(schema.structures, structure_rows(Source.POPULATION, record.index, record))

    def _into(self, table: Table, rows: Iterable[Values]) -> None:
        self.rows.setdefault(table, []).extend({"run": self.key, **row} for row in rows)

    def write(self, connection: Connection) -> None:
        for table, rows in self.rows.items():
            if rows:
                connection.execute(insert(table), rows)
