"""Structures that runs have kept: the initial population, every new best, and the steps others may start from.

What a page lists is answered by the index `structures_by_energy` alone: it holds all of a `StructureInfo`, so that no
atoms are read until one structure is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import and_, select

from rlcsp_core.errors import NotFoundError
from rlcsp_core.records import Crystal, PopulationRecord, StepRecord
from rlcsp_core.store import schema
from rlcsp_core.store.database import Connected, in_parts
from rlcsp_core.store.packing import finite, pack_crystal, unpack_crystal
from rlcsp_core.store.records import Finding, Source, StructureInfo
from rlcsp_core.store.runs import checked_id, run_key


class Structures(Connected):
    """The part of a store that gives structures."""

    def structures(
        self, run_id: str, source: Source | None = None, number: int | None = None
    ) -> list[StructureInfo]:
        """What `structure` can give: members of the population, accepted steps, every new best."""
        s = schema.structures
        query = select(*(s.c[name] for name in StructureInfo._fields)).order_by(
            s.c.source, s.c.number, s.c.relaxed
        )
        if source is not None:
            query = query.where(s.c.source == source)
        if number is not None:
            query = query.where(s.c.number == number)
        with self._reading() as connection:
            rows = connection.execute(query.where(s.c.run == run_key(connection, run_id))).all()
        return [
            StructureInfo(Source(row.source), row.number, bool(row.relaxed), row.n_atoms, row.energy)
            for row in rows
        ]

    def structure(
        self, run_id: str, number: int, *, source: Source = Source.STEP, relaxed: bool = True
    ) -> Crystal:
        s = schema.structures
        where = and_(s.c.source == source, s.c.number == number, s.c.relaxed == int(relaxed))
        with self._reading() as connection:
            query = select(s.c.data).where(s.c.run == run_key(connection, run_id), where)
            data = connection.execute(query).scalar()
        if data is None:
            kind = "relaxed structure" if relaxed else "structure as built"
            raise NotFoundError(
                f"run {run_id} has no {kind} for {source} {number}; only accepted steps keep theirs"
            )
        return unpack_crystal(data)

    def lowest(self, run_ids: Sequence[str], limit: int) -> list[Finding]:
        """The relaxed structures of lowest energy that these runs have kept, the lowest first."""
        ids = [checked_id(run_id) for run_id in run_ids]
        found = [each for part in in_parts(ids) for each in self._lowest(part, limit)]
        return sorted(found, key=lambda each: each.energy)[:limit]

    def _lowest(self, run_ids: Sequence[str], limit: int) -> list[Finding]:
        s, r = schema.structures, schema.runs
        query = select(r.c.id, s.c.source, s.c.number, s.c.energy, s.c.n_atoms).join(r, r.c.key == s.c.run)
        query = query.where(r.c.id.in_(run_ids), s.c.relaxed == 1, s.c.energy.is_not(None))
        query = query.order_by(s.c.energy, s.c.run, s.c.source, s.c.number).limit(limit)
        with self._reading() as connection:
            rows = connection.execute(query).all()
        return [Finding(row.id, Source(row.source), row.number, row.energy, row.n_atoms) for row in rows]


def structure_rows(
    source: Source, number: int, record: StepRecord | PopulationRecord
) -> Iterator[dict[str, Any]]:
    """The trial as built and relaxed, where there is one."""
    for relaxed, crystal in enumerate((record.before, record.after)):
        if crystal is not None:
            yield {
                "source": source,
                "number": number,
                "relaxed": relaxed,
                "n_atoms": crystal.n_atoms,
                "energy": finite(record.energy),
                "data": pack_crystal(crystal),
            }
