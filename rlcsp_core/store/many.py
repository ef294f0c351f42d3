"""What is read of many runs at once, with few queries, and as numbers only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection, select

from rlcsp_core.errors import NotFoundError
from rlcsp_core.records import Array
from rlcsp_core.store import schema
from rlcsp_core.store.packing import floats
from rlcsp_core.store.reads import checked_id
from rlcsp_core.store.records import Members

AT_ONCE = 200  # ids a query; databases bound the length of a list


def run_keys(connection: Connection, run_ids: Sequence[str]) -> dict[str, int]:
    """Keys of runs by id, in the order given."""
    table = schema.runs
    found: dict[str, int] = {}
    for start in range(0, len(run_ids), AT_ONCE):
        some = [checked_id(run_id) for run_id in run_ids[start : start + AT_ONCE]]
        rows = connection.execute(select(table.c.id, table.c.key).where(table.c.id.in_(some))).all()
        found |= {run_id: int(key) for run_id, key in rows}
    if missing := [run_id for run_id in run_ids if run_id not in found]:
        raise NotFoundError(f"there is no run {missing[0]!r} in this database")
    return {run_id: found[run_id] for run_id in run_ids}


def series(
    connection: Connection, run_ids: Sequence[str], names: Sequence[str]
) -> dict[str, dict[str, Array]]:
    """Some columns of many runs at once, as floats: {run: {column: [T]}}."""
    keys = run_keys(connection, run_ids)
    return {run_id: _series(connection, key, names) for run_id, key in keys.items()}


def _series(connection: Connection, key: int, names: Sequence[str]) -> dict[str, Array]:
    table = schema.steps
    query = select(*(table.c[name] for name in names)).where(table.c.run == key).order_by(table.c.step)
    # numbers straight from the driver: rows as objects would take most of the time for a million steps
    rows = connection.execute(query).cursor.fetchall()
    values = np.array(rows, dtype=np.float64).reshape(len(rows), len(names))
    return {name: np.ascontiguousarray(values[:, i]) for i, name in enumerate(names)}


def populations(connection: Connection, run_ids: Sequence[str]) -> dict[str, Members]:
    """The initial populations of many runs, with few queries."""
    keys = run_keys(connection, run_ids)
    table, all_keys = schema.population, list(keys.values())
    found: dict[int, list[tuple[float | None, float]]] = {key: [] for key in all_keys}
    for start in range(0, len(all_keys), AT_ONCE):
        query = select(table.c.run, table.c.energy, table.c.seconds).order_by(table.c.run, table.c.number)
        rows = connection.execute(query.where(table.c.run.in_(all_keys[start : start + AT_ONCE]))).all()
        for key, energy, seconds in rows:
            found[key].append((energy, seconds))
    return {
        run_id: Members(floats([e for e, _ in found[key]]), floats([s for _, s in found[key]]))
        for run_id, key in keys.items()
    }
