"""One run as one file: a ZIP archive that can be read without this program and taken in again by it.

    run.json              name, configuration, versions, how it ended
    steps.parquet         one row a step, as in `parquet.STEPS` with exact probabilities
    updates.parquet       one row a learning update
    population.parquet    one row a member of the initial population
    structures.parquet    every stored structure, exact
    structures.extxyz     the same for other programs, rounded to what that format holds
    structures.db         the same as a database of ASE's
    checkpoint.json       where an unfinished run can go on

`take_in` makes a new run from it, equal in every bit but for its id.  Nothing in an archive can run code; sizes are
checked before anything is unpacked.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import NoneType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rlcsp_core.crystal.composition import canonical_formula
from rlcsp_core.errors import StoreError
from rlcsp_core.records import Crystal, PopulationRecord, SearchRecord, StepRecord, Update
from rlcsp_core.store.archive import step_table
from rlcsp_core.store.database import UnavailableError
from rlcsp_core.store.frames import StoredStructure, ase_database, extxyz
from rlcsp_core.store.parquet import STEPS, matrix, nulls, steps_table, updates_table
from rlcsp_core.store.records import ENDED, RunState, Source
from rlcsp_core.store.store import Store

FORMAT = "rlcsp-run-1"
MAX_BYTES = 1 << 31  # unpacked; a run of ten million steps is smaller
LONGEST_REASON = 200  # characters of what a reader said
LAST_ELEMENT = 118
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
    structures = [
        StoredStructure(info, store.structure(run_id, info.number, source=info.source, relaxed=info.relaxed))
        for info in store.structures(run_id)
    ]
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("run.json", json.dumps(about, indent=1, default=str))
            archive.writestr("checkpoint.json", json.dumps(store.checkpoint(run_id)))
            archive.writestr("steps.parquet", _parquet(steps_table(run_id, store.steps(run_id), EXACT_STEPS)))
            archive.writestr("updates.parquet", _parquet(updates_table(run_id, store.updates(run_id))))
            archive.writestr("population.parquet", _parquet(_population(store, run_id)))
            archive.writestr("structures.parquet", _parquet(_structures(structures)))
            archive.writestr("structures.extxyz", extxyz(structures))
            archive.writestr("structures.db", ase_database(structures))
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


def _structures(structures: Sequence[StoredStructure]) -> pa.Table:
    rows = [
        {
            "source": info.source.value,
            "number": info.number,
            "relaxed": info.relaxed,
            "energy": info.energy,
            "numbers": crystal.numbers.tolist(),
            "positions": crystal.positions.ravel().tolist(),
            "cell": crystal.cell.ravel().tolist(),
        }
        for info, crystal in structures
    ]
    return pa.Table.from_pylist(rows, STRUCTURES)


def _crystal(row: Mapping[str, Any]) -> Crystal:
    numbers = np.array(row["numbers"], dtype=np.int64)
    crystal = Crystal(
        numbers=numbers,
        positions=np.array(row["positions"], dtype=np.float64).reshape(len(numbers), 3),
        cell=np.array(row["cell"], dtype=np.float64).reshape(3, 3),
    )
    known = (numbers >= 1) & (numbers <= LAST_ELEMENT)
    if not (known.all() and np.isfinite(crystal.positions).all() and np.isfinite(crystal.cell).all()):
        raise ValueError(f"its structure of {row['source']} {row['number']} is damaged")
    return crystal


def _population(store: Store, run_id: str) -> pa.Table:
    members = store.population(run_id)
    names = ("index", "attempts", "reason", "evaluations", "seconds")
    columns = {name: pa.array(getattr(members, name)) for name in names}
    return pa.table({**columns, "energy": nulls(members.energy)})


def _parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def take_in(store: Store, path: Path) -> str:
    """Make a run from an archive; its id."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
                raise ValueError("it is too large")
            about = json.loads(archive.read("run.json"))
            check_about(about)
            records = list(_records(archive))
            checkpoint = json.loads(archive.read("checkpoint.json"))
        if checkpoint is not None and not isinstance(checkpoint, dict):
            raise ValueError("its checkpoint is no table")
        return _store_run(store, about, records, checkpoint)
    except UnavailableError:
        raise
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}") from None
    except (
        Exception
    ) as error:  # the readers of ZIP, JSON and Parquet raise whatever damage makes them trip over
        why = " ".join(str(error).split())[:LONGEST_REASON]
        raise StoreError(f"{path} is not the archive of a run: {why or type(error).__name__}") from None


def check_about(about: Mapping[str, Any]) -> None:
    """What a list of runs shows of every run must be there and of its kind."""
    if about["format"] != FORMAT:
        raise ValueError(f"it has format {about['format']!r}, this program reads {FORMAT!r}")
    config = about["config"]
    for name, kind in (("composition", str), ("algorithm", str), ("seed", int)):
        if type(config[name]) is not kind:
            raise ValueError(f"its {name} is {config[name]!r}")
    if RunState(about["state"]) not in ENDED:
        raise ValueError(f"its state is {about['state']!r}")
    for name, kinds in (("reason", (str, NoneType)), ("target_step", (int, NoneType)), ("versions", (dict,))):
        if type(about[name]) not in kinds:
            raise ValueError(f"its {name} is {about[name]!r}")


def read_table(archive: zipfile.ZipFile, name: str) -> pa.Table:
    """A small file can hold a large table: its directory says how large, and is asked first."""
    file = pq.ParquetFile(io.BytesIO(archive.read(f"{name}.parquet")))
    groups = range(file.metadata.num_row_groups)
    if sum(file.metadata.row_group(i).total_byte_size for i in groups) > MAX_BYTES:
        raise ValueError(f"its table {name} is too large")
    return file.read()


def _records(archive: zipfile.ZipFile) -> Iterator[SearchRecord]:
    tables = {name: read_table(archive, name) for name in TABLES}
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
        values |= {name: None for name in ("energy", "parent") if np.isnan(values[name])}
        values["parent"] = values["parent"] if values["parent"] is None else int(values["parent"])
        ends = (structures.get((Source.STEP, values["step"], relaxed)) for relaxed in (False, True))
        yield StepRecord(
            **values,
            update=updates.get(values["step"]),
            before=next(ends),
            after=next(ends),
            kept=(Source.STEP, values["step"], True) in structures,
        )


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
    config = {**about["config"], "composition": canonical_formula(about["config"]["composition"])}
    mine = store.create_claimed(config, name=str(about["name"]))
    assert mine is not None, "only experiments have runs already"
    try:
        store.attach(mine, {str(k): str(v) for k, v in about["versions"].items()})
        for start in range(0, len(records), PART):
            store.append(mine, records[start : start + PART], None)
        store.append(mine, (), checkpoint)
        store.take_over(mine, RunState(about["state"]), about["reason"], about["target_step"])
    except BaseException:
        with suppress(StoreError):  # the first error is the one to tell
            store.end(mine, RunState.FAILED, "could not be taken in")
            store.delete_run(mine.run_id)
        raise
    return mine.run_id
