"""Structures relaxed again by a second model, each stored when it is done.

A refinement belongs to one kept structure of one run and to one model.  It is written once: a second process that did
the same meanwhile finds the first result standing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Row, insert, select

from rlcsp_core.store import schema
from rlcsp_core.store.columns import cut
from rlcsp_core.store.database import Connected, DuplicateError, in_parts
from rlcsp_core.store.packing import finite, pack_crystal, unpack_crystal
from rlcsp_core.store.records import Refinement, Source, StructureKey, in_order
from rlcsp_core.store.runs import checked_id


class Refinements(Connected):
    """The part of a store that keeps what a second model says."""

    def add_refinement(self, made: Refinement) -> None:
        schema.check_name(made.model, "a model")
        row = {
            "run_id": checked_id(made.key.run_id),
            "source": made.key.source,
            "number": made.key.number,
            "model": made.model,
            "version": made.version[: schema.NAME_LENGTH],
            "energy": finite(made.energy),
            "reason": cut(made.reason),
            "evaluations": made.evaluations,
            "seconds": made.seconds,
            "data": None if made.crystal is None else pack_crystal(made.crystal),
        }
        with suppress(DuplicateError), self._writing() as connection:
            connection.execute(insert(schema.refinements).values(row))

    def refinements(self, run_ids: Sequence[str], model: str | None = None) -> list[Refinement]:
        """Of structures of these runs, by this model or by any; the lowest of each model first, failed ones last."""
        ids = [checked_id(run_id) for run_id in run_ids]
        found = [each for part in in_parts(ids) for each in self._refinements(part, model)]
        return sorted(found, key=in_order)

    def _refinements(self, run_ids: Sequence[str], model: str | None) -> list[Refinement]:
        t = schema.refinements
        query = select(t).where(t.c.run_id.in_(run_ids))
        if model is not None:
            query = query.where(t.c.model == model)
        with self._reading() as connection:
            return [_refinement(row) for row in connection.execute(query)]


def _refinement(row: Row[Any]) -> Refinement:
    return Refinement(
        key=StructureKey(row.run_id, Source(row.source), row.number),
        model=row.model,
        version=row.version,
        energy=row.energy,
        reason=row.reason,
        evaluations=row.evaluations,
        seconds=row.seconds,
        crystal=None if row.data is None else unpack_crystal(row.data),
    )
