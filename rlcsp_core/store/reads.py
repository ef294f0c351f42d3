"""What is read from the database: tables of NumPy columns and frozen records.

A history is always read through its primary key (run, number): a window, the rows after the last one seen, or every
k-th row.  `k` is a power of two, so that the points of a chart that is drawn again stay where they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Column, Connection, Row, Select, Table, func, select

from rlcsp_core.errors import NotFoundError
from rlcsp_core.records import Array
from rlcsp_core.store import schema
from rlcsp_core.store.packing import floats, unpack_json, unpack_matrices, unpack_vectors
from rlcsp_core.store.records import (
    PopulationTable,
    Request,
    RunInfo,
    RunState,
    StepTable,
    Tally,
    UpdateTable,
)

Columns = dict[str, list[Any]]

ID = re.compile(rf"[0-9a-f]{{1,{schema.ID_LENGTH}}}")

NO_TRIAL = "no sound trial"  # the search's reason where nothing was relaxed


def checked_id(run_id: str) -> str:
    """Ids come from URLs: what cannot be one is not even asked for."""
    if not ID.fullmatch(run_id):
        raise NotFoundError(f"there is no run {run_id[: schema.ID_LENGTH]!r} in this database")
    return run_id


def run_row(connection: Connection, run_id: str) -> Row[Any]:
    checked_id(run_id)
    row = connection.execute(select(schema.runs).where(schema.runs.c.id == run_id)).first()
    if row is None:
        raise NotFoundError(f"there is no run {run_id!r} in this database")
    return row


def run_key(connection: Connection, run_id: str) -> int:
    checked_id(run_id)
    key = connection.execute(select(schema.runs.c.key).where(schema.runs.c.id == run_id)).scalar()
    if key is None:
        raise NotFoundError(f"there is no run {run_id!r} in this database")
    return int(key)


PLAIN = (
    "id", "name", "experiment", "reason", "created", "started", "ended", "heartbeat", "host", "pid", "n_population",
    "n_population_failed", "n_steps", "elapsed", "best_energy", "best_step", "target_step", "policy",
)  # fmt: skip


def run_info(row: Row[Any]) -> RunInfo:
    values = row._mapping
    return RunInfo(
        **{name: values[name] for name in PLAIN},
        state=RunState(row.state),
        request=Request(row.request),
        detached=bool(row.detached),
        config=json.loads(row.config),
        versions=json.loads(row.versions),
        tally={int(action): Tally(*counts) for action, counts in json.loads(row.tally).items()},
    )


def runs(
    connection: Connection,
    limit: int | None,
    states: Sequence[RunState] | None,
    experiment: str | None,
    oldest_first: bool,
) -> list[RunInfo]:
    table = schema.runs
    query = select(table).order_by(table.c.key if oldest_first else table.c.key.desc())
    if states is not None:
        query = query.where(table.c.state.in_(states))
    if experiment is not None:
        query = query.where(table.c.experiment == experiment)
    return [run_info(row) for row in connection.execute(query.limit(limit))]


def run_of(connection: Connection, experiment: str, digest: str) -> RunInfo | None:
    table = schema.runs
    query = select(table).where(table.c.experiment == experiment, table.c.digest == digest)
    row = connection.execute(query).first()
    return None if row is None else run_info(row)


def experiments(connection: Connection) -> dict[str, int]:
    """Names of experiments and how many runs each has."""
    table = schema.runs
    query = select(table.c.experiment, func.count()).where(table.c.experiment.is_not(None))
    rows = connection.execute(query.group_by(table.c.experiment).order_by(table.c.experiment)).all()
    return {name: int(count) for name, count in rows}


def checkpoint(connection: Connection, run_id: str) -> dict[str, Any] | None:
    table = schema.checkpoints
    query = select(table.c.data).where(table.c.run == run_key(connection, run_id))
    data = connection.execute(query).scalar()
    return None if data is None else unpack_json(data)


def energies(connection: Connection, run_id: str) -> Array:
    key = run_key(connection, run_id)
    members, trials = schema.population, schema.steps
    first = select(members.c.energy).where(members.c.run == key).order_by(members.c.number)
    then = select(trials.c.energy).where(trials.c.run == key).order_by(trials.c.step)
    return floats([*connection.execute(first).scalars(), *connection.execute(then).scalars()])


def failed_relaxations(connection: Connection, run_id: str) -> int:
    """Steps for which no sound trial could be built were not relaxed and do not count."""
    key = run_key(connection, run_id)
    total = 0
    for table in (schema.population, schema.steps):
        failed = (table.c.run == key, table.c.energy.is_(None), table.c.reason != NO_TRIAL)
        total += connection.execute(select(func.count()).select_from(table).where(*failed)).scalar_one()
    return total


def columns(connection: Connection, query: Select[Any]) -> Columns:
    """One list a column, also where there are no rows."""
    result = connection.execute(query)
    names = list(result.keys())
    rows = result.all()
    return (
        dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)) if rows else {n: [] for n in names}
    )


def history(table: Table, number: Column[int], key: int) -> Select[Any]:
    names = [column for column in table.columns if column.name != "run"]
    return select(*names).where(table.c.run == key).order_by(number)


def steps(connection: Connection, run_id: str, after: int, until: int | None) -> StepTable:
    table = schema.steps
    query = history(table, table.c.step, run_key(connection, run_id)).where(table.c.step > after)
    if until is not None:
        query = query.where(table.c.step <= until)
    return step_table(columns(connection, query))


def overview(connection: Connection, run_id: str, max_points: int) -> StepTable:
    row = run_row(connection, run_id)
    chosen = thinned(row.n_steps, max_points)
    table = schema.steps
    query = history(table, table.c.step, row.key)
    if len(chosen) < row.n_steps:
        query = query.where(table.c.step.in_(chosen))
    return step_table(columns(connection, query))


def thinned(n_steps: int, max_points: int) -> list[int]:
    """Every k-th step and the last one, k the smallest power of two that leaves at most `max_points`."""
    k = 1
    while n_steps > k * max_points:
        k *= 2
    chosen = list(range(k, n_steps + 1, k))
    return [*chosen, n_steps] if n_steps % k else chosen


def step_table(c: Columns) -> StepTable:
    numbers: dict[str, Any] = {name: np.array(c[name], dtype=np.int64) for name in STEP_INTEGERS}
    numbers |= {name: floats(c[name]) for name in STEP_FLOATS}
    return StepTable(
        **numbers,
        reason=objects(c["reason"]),
        accepted=np.array(c["accepted"], dtype=np.bool_),
        probabilities=unpack_vectors(c["probabilities"]),
    )


STEP_INTEGERS = ("step", "action", "attempts", "n_atoms", "evaluations")
STEP_FLOATS = (
    "energy", "current_energy", "best_energy", "reward", "kT", "relax_seconds", "elapsed", "cpu_seconds", "parent",
)  # fmt: skip
SERIES = ("accepted", *STEP_INTEGERS, *STEP_FLOATS)


def objects(values: list[Any]) -> Any:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def population(connection: Connection, run_id: str) -> PopulationTable:
    table = schema.population
    c = columns(connection, history(table, table.c.number, run_key(connection, run_id)))
    return PopulationTable(
        index=np.array(c["number"], dtype=np.int64),
        attempts=np.array(c["attempts"], dtype=np.int64),
        energy=floats(c["energy"]),
        reason=objects(c["reason"]),
        evaluations=np.array(c["evaluations"], dtype=np.int64),
        seconds=floats(c["seconds"]),
    )


def updates(connection: Connection, run_id: str, after: int) -> UpdateTable:
    table = schema.updates
    query = history(table, table.c.step, run_key(connection, run_id)).where(table.c.step > after)
    c = columns(connection, query)
    return UpdateTable(
        step=np.array(c["step"], dtype=np.int64),
        theta=unpack_matrices(c["theta"]),
        gradient_norm=floats(c["gradient_norm"]),
        entropy=floats(c["entropy"]),
        kl=floats(c["kl"]),
    )
