"""Runs out of a whole archive into the database, equal in every bit but for their ids."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rlcsp_core.crystal.composition import canonical_formula
from rlcsp_core.errors import StoreError
from rlcsp_core.records import PopulationRecord, SearchRecord, StepRecord, Update
from rlcsp_core.store.archive import Archive, refusal
from rlcsp_core.store.database import UnavailableError
from rlcsp_core.store.reader import Reader
from rlcsp_core.store.records import ENDED, Claim, RunInfo, Source
from rlcsp_core.store.store import Store
from rlcsp_core.tables import Table

PART = 5000  # records written in one transaction


def whole_archive(path: Path) -> Archive:
    """One that runs can be made of."""
    archive = Archive(path)
    if archive.is_thinned:
        raise StoreError(f"{path} holds runs thinned to what pages show; only what `save` and `export --whole` "
                         "have written can be loaded")  # fmt: skip
    return archive


def import_runs(store: Store, archive: Archive) -> list[str]:
    """Make the runs of a whole archive, all or none; their ids.

    A run of an experiment that has one of this configuration already is left out."""
    made: list[Claim] = []
    try:
        for run in archive.runs(oldest_first=True):
            check_run(run)
            _import(store, archive, run, made)
    except BaseException as error:
        for claim in made:
            with suppress(StoreError):  # the first error is the one to tell
                store.delete_run(claim.run_id)
        if isinstance(error, UnavailableError) or not isinstance(error, Exception):
            raise
        raise refusal(archive.path, error) from None
    return [claim.run_id for claim in made]


def _import(store: Store, archive: Archive, run: RunInfo, made: list[Claim]) -> None:
    records, checkpoint = list(records_of(archive, run.id)), archive.checkpoint(run.id)
    if checkpoint is not None and not isinstance(checkpoint, dict):
        raise ValueError("its checkpoint is no table")
    config = {**run.config, "composition": canonical_formula(run.composition)}
    mine = store.create_claimed(config, name=run.name, experiment=run.experiment)
    if mine is None:
        return
    made.append(mine)
    try:
        store.attach(mine, {str(name): str(version) for name, version in run.versions.items()})
        for start in range(0, len(records), PART):
            store.append(mine, records[start : start + PART], None)
        store.append(mine, (), checkpoint)
        for each in archive.refinements([run.id]):
            store.add_refinement(replace(each, key=each.key._replace(run_id=mine.run_id)))
    finally:  # what failed half-way is deleted, which needs an end
        store.end(mine, run.state, run.reason, run.target_step)


def check_run(run: RunInfo) -> None:
    """What a list of runs shows of every run must be there and of its kind."""
    for name, kind in (("composition", str), ("algorithm", str), ("seed", int)):
        if type(run.config[name]) is not kind:
            raise ValueError(f"its {name} is {run.config[name]!r}")
    if run.state not in ENDED:
        raise ValueError(f"its state is {run.state!r}")
    if not isinstance(run.versions, dict):
        raise ValueError(f"its versions are {run.versions!r}")


def records_of(reader: Reader, run_id: str) -> Iterator[SearchRecord]:
    """What a run recorded, in order."""
    structures = {
        (i.source, i.number, i.relaxed): reader.structure(
            run_id, i.number, source=i.source, relaxed=i.relaxed
        )
        for i in reader.structures(run_id)
    }

    def ends(source: Source, number: int) -> dict[str, Any]:
        before, after = (structures.get((source, number, relaxed)) for relaxed in (False, True))
        return {"before": before, "after": after}

    for row in rows_of(reader.population(run_id)):
        yield PopulationRecord(**row, **ends(Source.POPULATION, row["index"]))
    updates = {row.pop("step"): Update(**row) for row in rows_of(reader.updates(run_id))}
    for row in rows_of(reader.steps(run_id)):
        kept = (Source.STEP, row["step"], True) in structures
        update = updates.get(row["step"])
        yield StepRecord(**row, **ends(Source.STEP, row["step"]), update=update, kept=kept)


def rows_of(table: Table) -> Iterator[dict[str, Any]]:
    """As the fields of records."""
    columns = {field.name: getattr(table, field.name) for field in table.fields()}
    for i in range(len(table)):
        row = {name: column[i] for name, column in columns.items()}
        yield {name: plain(name, value) for name, value in row.items()}


def plain(name: str, value: Any) -> Any:
    """A number of Python; None where there is no energy, or no parent."""
    if not isinstance(value, np.generic):
        return value
    if name in ("energy", "parent") and np.isnan(value):
        return None
    return int(value) if name == "parent" else value.item()
