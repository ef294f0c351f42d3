"""One run as one file: a ZIP archive that can be read without this program and taken in again by it.

    run.json              name, configuration, versions, how it ended
    steps.parquet         one row a step, as in `parquet.STEPS` with exact probabilities
    updates.parquet       one row a learning update
    population.parquet    one row a member of the initial population
    structures.parquet    every stored structure, exact
    structures.extxyz     the same for other programs, rounded to what that format holds
    checkpoint.json       where an unfinished run can go on

`take_in` makes a new run from it, equal in every bit but for its id.  Nothing in an archive can run code; sizes are
checked before anything is unpacked.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rlcsp_core.crystal.formats import to_ase
from rlcsp_core.errors import StoreError
from rlcsp_core.records import Crystal, PopulationRecord, SearchRecord, StepRecord, Update
from rlcsp_core.store.archive import step_table
from rlcsp_core.store.parquet import STEPS, matrix, nulls, steps_table, updates_table
from rlcsp_core.store.records import RunState, Source
from rlcsp_core.store.store import Store

FORMAT = "rlcsp-run-1"
MAX_BYTES = 1 << 31  # unpacked; a run of ten million steps is smaller
PART = 5000  # records written in one transaction when a run is taken in
PROBABILITIES = pa.list_(pa.float64())
EXACT_STEPS = STEPS.set(STEPS.get_field_index("probabilities"), pa.field("probabilities", PROBABILITIES)).set(
    STEPS.get_field_index("relax_seconds"), pa.field("relax_seconds", pa.float64())
)


def pack_run(store: Store, run_id: str, path: Path) -> None:
    """Write the archive of a run; one that is being worked on is packed as far as it is stored."""
    run = store.run(run_id)
    about = {"format": FORMAT, **asdict(run)}
    about["state"] = (RunState.INTERRUPTED if run.active or run.state is RunState.QUEUED else run.state).value
    structures = list(_structures(store, run_id))
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("run.json", json.dumps(about, indent=1, default=str))
            archive.writestr("checkpoint.json", json.dumps(store.checkpoint(run_id)))
            archive.writestr("steps.parquet", _parquet(steps_table(run_id, store.steps(run_id), EXACT_STEPS)))
            archive.writestr("updates.parquet", _parquet(updates_table(run_id, store.updates(run_id))))
            archive.writestr("population.parquet", _parquet(_population(store, run_id)))
            archive.writestr("structures.parquet", _parquet(pa.Table.from_pylist(structures, STRUCTURES)))
            archive.writestr("structures.extxyz", _extxyz(structures))
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from None


STRUCTURES = pa.schema(
    [
        ("source", pa.string()),
        ("number", pa.int64()),
        ("relaxed", pa.bool_()),
        ("energy", pa.float64()),
        ("numbers", pa.list_(pa.int16())),
        ("positions", pa.list_(pa.float64())),  # Å, x y z of each atom in turn
        ("cell", pa.list_(pa.float64())),  # Å, three vectors in turn
    ]
)


def _structures(store: Store, run_id: str) -> Iterator[dict[str, Any]]:
    for info in store.structures(run_id):
        crystal = store.structure(run_id, info.number, source=info.source, relaxed=info.relaxed)
        yield {
            "source": info.source.value,
            "number": info.number,
            "relaxed": info.relaxed,
            "energy": info.energy,
            "numbers": crystal.numbers.tolist(),
            "positions": crystal.positions.ravel().tolist(),
            "cell": crystal.cell.ravel().tolist(),
        }


def _crystal(row: Mapping[str, Any]) -> Crystal:
    return Crystal(
        numbers=np.array(row["numbers"], dtype=np.int64),
        positions=np.array(row["positions"], dtype=np.float64).reshape(-1, 3),
        cell=np.array(row["cell"], dtype=np.float64).reshape(3, 3),
    )


def _population(store: Store, run_id: str) -> pa.Table:
    members = store.population(run_id)
    names = ("index", "attempts", "reason", "evaluations", "seconds")
    columns = {name: pa.array(getattr(members, name)) for name in names}
    return pa.table({**columns, "energy": nulls(members.energy)})


def _extxyz(structures: list[dict[str, Any]]) -> str:
    from ase.io import write

    frames = []
    for row in structures:
        atoms = to_ase(_crystal(row))
        atoms.info = {name: row[name] for name in ("source", "number", "relaxed")}
        if row["relaxed"]:
            atoms.info["energy_per_atom"] = row["energy"]
        frames.append(atoms)
    text = io.StringIO()
    if frames:
        write(text, frames, format="extxyz")
    return text.getvalue()


def _parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def take_in(store: Store, path: Path) -> str:
    """Make a run from an archive; its id."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
                raise StoreError(f"{path} is too large to be the archive of a run")
            about = json.loads(archive.read("run.json"))
            if about.get("format") != FORMAT:
                raise StoreError(f"{path} has format {about.get('format')!r}, this program reads {FORMAT!r}")
            records = list(_records(archive))
            checkpoint = json.loads(archive.read("checkpoint.json"))
            return _store_run(store, about, records, checkpoint)
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}") from None
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, pa.ArrowException) as error:
        raise StoreError(f"{path} is not the archive of a run: {error}") from None


def _records(archive: zipfile.ZipFile) -> Iterator[SearchRecord]:
    tables = {name: pq.read_table(io.BytesIO(archive.read(f"{name}.parquet"))) for name in TABLES}
    structures = {
        (row["source"], row["number"], row["relaxed"]): _crystal(row)
        for row in tables["structures"].to_pylist()
    }
    for row in tables["population"].to_pylist():
        ends = (structures.get((Source.POPULATION, row["index"], relaxed)) for relaxed in (False, True))
        yield PopulationRecord(**row, before=next(ends), after=next(ends))
    updates = _updates(tables["updates"])
    table = step_table(tables["steps"])
    columns = {name: getattr(table, name) for name in asdict(table)}
    for i in range(len(table)):
        values = {name: column[i] for name, column in columns.items()}
        values |= {name: values[name].item() for name in values if isinstance(values[name], np.generic)}
        values["energy"] = None if np.isnan(values["energy"]) else values["energy"]
        ends = (structures.get((Source.STEP, values["step"], relaxed)) for relaxed in (False, True))
        yield StepRecord(**values, update=updates.get(values["step"]), before=next(ends), after=next(ends))


TABLES = ("steps", "updates", "population", "structures")


def _updates(table: pa.Table) -> dict[int, Update]:
    theta = matrix(table["theta"])
    found = {}
    for i, row in enumerate(table.to_pylist()):
        numbers = {
            name: float("nan") if row[name] is None else row[name]
            for name in ("gradient_norm", "entropy", "kl")
        }
        found[row["step"]] = Update(theta[i].reshape(row["n_actions"], -1), **numbers)
    return found


def _store_run(store: Store, about: Mapping[str, Any], records: list[SearchRecord], checkpoint: Any) -> str:
    mine = store.create_claimed(about["config"], name=str(about["name"]))
    assert mine is not None, "only experiments have runs already"
    store.attach(mine, {str(k): str(v) for k, v in about["versions"].items()})
    for start in range(0, len(records), PART):
        store.append(mine, records[start : start + PART], None)
    store.append(mine, (), checkpoint)
    store.take_over(mine, RunState(about["state"]), about["reason"], about["target_step"])
    return mine.run_id
