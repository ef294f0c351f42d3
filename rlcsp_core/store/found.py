"""Structures that runs have kept, as the database gives them.

What a page lists is answered by the index `structures_by_energy` alone: it holds all of a `StructureInfo`, so that no
atoms are read until one structure is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from rlcsp_core.errors import NotFoundError
from rlcsp_core.records import Array, Crystal
from rlcsp_core.store import schema
from rlcsp_core.store.packing import floats, unpack_crystal
from rlcsp_core.store.reads import checked_id, columns, run_key, run_row
from rlcsp_core.store.records import Finding, Source, StructureInfo

INFO = tuple(schema.structures.c[name] for name in StructureInfo._fields)
ANCESTRY = ("step", "action", "energy", "accepted", "parent", "n_atoms")
AT_ONCE = 1000  # runs in one query; databases bound the number of parameters


def _info(row: Row[Any]) -> StructureInfo:
    return StructureInfo(Source(row.source), row.number, bool(row.relaxed), row.n_atoms, row.energy)


def lowest(connection: Connection, run_ids: Sequence[str], limit: int) -> list[Finding]:
    ids = [checked_id(run_id) for run_id in run_ids]
    found = [
        each
        for start in range(0, len(ids), AT_ONCE)
        for each in _lowest(connection, ids[start : start + AT_ONCE], limit)
    ]
    return sorted(found, key=lambda each: each.energy)[:limit]


def _lowest(connection: Connection, run_ids: Sequence[str], limit: int) -> list[Finding]:
    s, r = schema.structures, schema.runs
    chosen = select(r.c.key, r.c.id).where(r.c.id.in_(run_ids))
    ids = {row.key: row.id for row in connection.execute(chosen)}
    query = select(s.c.run, s.c.source, s.c.number, s.c.energy, s.c.n_atoms)
    query = query.where(s.c.run.in_(list(ids)), s.c.relaxed == 1, s.c.energy.is_not(None))
    query = query.order_by(s.c.energy, s.c.run, s.c.source, s.c.number).limit(limit)
    return [
        Finding(ids[row.run], Source(row.source), row.number, row.energy, row.n_atoms)
        for row in connection.execute(query)
    ]


def structures(connection: Connection, run_id: str, source: Source | None) -> list[StructureInfo]:
    s = schema.structures
    query = select(*INFO)
    query = query.where(s.c.run == run_key(connection, run_id)).order_by(s.c.source, s.c.number, s.c.relaxed)
    if source is not None:
        query = query.where(s.c.source == source)
    return [_info(row) for row in connection.execute(query)]


def kept(connection: Connection, run_id: str, source: Source, number: int) -> StructureInfo:
    s = schema.structures
    where = and_(s.c.source == source, s.c.number == number, s.c.relaxed == 1)
    row = connection.execute(select(*INFO).where(s.c.run == run_key(connection, run_id), where)).first()
    if row is None:
        raise NotFoundError(
            f"run {run_id} kept no structure of {source} {number}: only accepted steps and new bests are kept"
        )
    return _info(row)


def ancestry(connection: Connection, run_id: str, until: int) -> dict[str, Array]:
    s, t = schema.structures, schema.steps
    query = select(*(t.c[name] for name in ANCESTRY)).join(
        s, and_(s.c.run == t.c.run, s.c.number == t.c.step)
    )
    query = query.where(s.c.run == run_key(connection, run_id), s.c.source == Source.STEP, s.c.relaxed == 1)
    found = columns(connection, query.where(s.c.number <= until).order_by(s.c.number))
    return {name: floats(found[name]) for name in ANCESTRY}


def structure(connection: Connection, run_id: str, source: Source, number: int, relaxed: bool) -> Crystal:
    s = schema.structures
    where = and_(s.c.source == source, s.c.number == number, s.c.relaxed == int(relaxed))
    query = select(s.c.data).where(s.c.run == run_key(connection, run_id), where)
    data = connection.execute(query).scalar()
    if data is None:
        kind = "relaxed structure" if relaxed else "structure as built"
        raise NotFoundError(
            f"run {run_id} has no {kind} for {source} {number}; only accepted steps keep theirs"
        )
    return unpack_crystal(data)


def best_structure(connection: Connection, run_id: str) -> tuple[StructureInfo, Crystal] | None:
    row = run_row(connection, run_id)
    if row.best_step is None:
        return None
    s = schema.structures
    query = select(s).where(s.c.run == row.key, s.c.relaxed == 1)
    if row.best_step == 0:
        query = query.where(s.c.source == Source.POPULATION).order_by(s.c.energy, s.c.number)
    else:
        query = query.where(s.c.source == Source.STEP, s.c.number == row.best_step)
    best = connection.execute(query.limit(1)).first()
    if best is None:
        return None
    return _info(best), unpack_crystal(best.data)
