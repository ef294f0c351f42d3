"""Experiments as Parquet files: compact, open, readable by every data tool.

A folder holds three tables:

    runs.parquet      one row a run: all of `RunInfo`, the initial population as lists, the best structure
    steps.parquet     one row a step, names and units as in `StepTable`; one row group a run, in the order of runs
    updates.parquet   one row a learning update: θ row by row, gradient norm, entropy, KL; one row group a run

An energy that does not exist is null.  Probabilities are rounded to 32 bits; everything else is exact.  The metadata of
each file names the experiment, the versions and machines that made it, and the format.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rlcsp_core.errors import StoreError
from rlcsp_core.store.records import PopulationTable, RunInfo, StepTable, UpdateTable
from rlcsp_core.store.store import Store

FORMAT = "rlcsp-results-1"
METADATA = b"rlcsp"
FILES = ("runs.parquet", "steps.parquet", "updates.parquet")

FLOATS, COUNTS = pa.list_(pa.float64()), pa.list_(pa.int32())
RUNS = pa.schema(
    [
        *(
            (name, pa.string())
            for name in ("id", "name", "experiment", "state", "reason", "config", "versions", "tally")
        ),
        *((name, pa.float64()) for name in ("created", "started", "ended", "elapsed", "best_energy")),
        *(
            (name, pa.int64())
            for name in ("n_population", "n_population_failed", "n_steps", "best_step", "target_step")
        ),
        ("failed_relaxations", pa.int64()),
        ("population_energy", FLOATS),
        ("population_attempts", COUNTS),
        ("population_evaluations", COUNTS),
        ("population_seconds", FLOATS),
        ("population_reason", pa.list_(pa.string())),
        ("best_source", pa.string()),
        ("best_number", pa.int64()),
        ("best_numbers", COUNTS),  # atomic numbers
        ("best_positions", FLOATS),  # Å, x y z of each atom in turn
        ("best_cell", FLOATS),  # Å, three vectors in turn
    ]
)
STEPS = pa.schema(
    [
        ("run", pa.string()),
        ("step", pa.int32()),
        ("action", pa.int8()),
        ("attempts", pa.int32()),
        ("energy", pa.float64()),
        ("reason", pa.string()),
        ("accepted", pa.bool_()),
        ("current_energy", pa.float64()),
        ("best_energy", pa.float64()),
        ("reward", pa.float64()),
        ("probabilities", pa.list_(pa.float32())),
        ("kT", pa.float64()),
        ("n_atoms", pa.int16()),
        ("evaluations", pa.int32()),
        ("relax_seconds", pa.float32()),
        ("elapsed", pa.float64()),
        ("cpu_seconds", pa.float64()),
        ("parent", pa.int32()),
    ]
)
UPDATES = pa.schema(
    [
        ("run", pa.string()),
        ("step", pa.int32()),
        ("n_actions", pa.int16()),
        ("theta", FLOATS),
        ("gradient_norm", pa.float64()),
        ("entropy", pa.float64()),
        ("kl", pa.float64()),
    ]
)


def export_experiment(store: Store, experiment: str, folder: Path, tick: Callable[[float], None]) -> int:
    """Write all ended runs of an experiment; how many.  `tick` is told the share that is done."""
    runs = [
        run
        for run in store.runs(experiment=experiment, oldest_first=True)
        if not run.active and run.n_population
    ]
    if not runs:
        names = ", ".join(store.experiments()) or "none"
        raise StoreError(
            f"experiment {experiment!r} has no runs to export in {store.description}; there are: {names}"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(store, runs, folder, _metadata(experiment, runs), tick)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror or error}") from None
    return len(runs)


def _write(
    store: Store,
    runs: Sequence[RunInfo],
    folder: Path,
    metadata: dict[bytes, bytes],
    tick: Callable[[float], None],
) -> None:
    def writer(name: str, schema: pa.Schema) -> pq.ParquetWriter:
        # statistics help to skip row groups by value, which nobody does here
        return pq.ParquetWriter(
            folder / name,
            schema.with_metadata(metadata),
            compression="zstd",
            compression_level=9,
            write_statistics=False,
        )

    rows = []
    with writer("steps.parquet", STEPS) as steps, writer("updates.parquet", UPDATES) as updates:
        for done, run in enumerate(runs):
            tick(done / len(runs))
            rows.append(run_row(store, run))
            steps.write_table(steps_table(run.id, store.steps(run.id)))
            updates.write_table(updates_table(run.id, store.updates(run.id)))
    with writer("runs.parquet", RUNS) as table:
        table.write_table(pa.Table.from_pylist(rows, RUNS))
    tick(1.0)


def _metadata(experiment: str, runs: Sequence[RunInfo]) -> dict[bytes, bytes]:
    machines = {json.dumps(run.versions, sort_keys=True) for run in runs}
    content = {
        "format": FORMAT,
        "experiment": experiment,
        "made_by": [json.loads(machine) for machine in sorted(machines)],
        "started": min((run.started for run in runs if run.started), default=None),
        "ended": max((run.ended for run in runs if run.ended), default=None),
    }
    return {METADATA: json.dumps(content).encode()}


def run_row(store: Store, run: RunInfo) -> dict[str, Any]:
    members = store.population(run.id)
    values = {name: value for name, value in asdict(run).items() if name in RUNS.names}
    values |= {name: json.dumps(values[name]) for name in ("config", "versions")}
    values["tally"] = json.dumps({action: list(tally) for action, tally in run.tally.items()})
    values["failed_relaxations"] = store.failed_relaxations(run.id)
    return {**values, **_population_columns(members), **_best_columns(store, run)}


def _population_columns(members: PopulationTable) -> dict[str, Any]:
    return {
        "population_energy": nulls(members.energy).to_pylist(),
        "population_attempts": members.attempts.tolist(),
        "population_evaluations": members.evaluations.tolist(),
        "population_seconds": members.seconds.tolist(),
        "population_reason": members.reason.tolist(),
    }


def _best_columns(store: Store, run: RunInfo) -> dict[str, Any]:
    best = store.best_structure(run.id)
    if best is None:
        return {}
    info, crystal = best
    return {
        "best_source": info.source.value,
        "best_number": info.number,
        "best_numbers": crystal.numbers.tolist(),
        "best_positions": crystal.positions.ravel().tolist(),
        "best_cell": crystal.cell.ravel().tolist(),
    }


NULLABLE = ("energy", "current_energy", "best_energy", "reward", "cpu_seconds", "parent")


def steps_table(run_id: str, table: StepTable, schema: pa.Schema = STEPS) -> pa.Table:
    columns = {name: getattr(table, name) for name in schema.names if name not in ("run", "probabilities")}
    columns |= {name: nulls(columns[name]) for name in NULLABLE}
    columns["probabilities"] = _lists(table.probabilities)
    columns["run"] = [run_id] * len(table)
    return pa.table({name: pa.array(columns[name]) for name in schema.names}).cast(schema)


def updates_table(run_id: str, table: UpdateTable) -> pa.Table:
    n_actions = table.theta.shape[1]
    columns = {
        "run": [run_id] * len(table),
        "step": table.step,
        "n_actions": [n_actions] * len(table),
        "theta": _lists(table.theta.reshape(len(table), -1) if len(table) else np.zeros((0, 1))),
        **{name: nulls(getattr(table, name)) for name in ("gradient_norm", "entropy", "kl")},
    }
    return pa.table({name: pa.array(columns[name], UPDATES.field(name).type) for name in UPDATES.names})


def nulls(values: np.ndarray) -> pa.Array:
    """[K], null for NaN."""
    return pa.array(values, from_pandas=True)


def _lists(matrix: np.ndarray) -> pa.Array:
    """[T, K] as T lists."""
    n, k = matrix.shape
    return pa.ListArray.from_arrays(np.arange(n + 1, dtype=np.int32) * k, pa.array(matrix.ravel()))


def matrix(column: pa.ChunkedArray) -> np.ndarray:
    """T lists of one length as [T, K]."""
    values = np.concatenate([np.asarray(chunk.flatten()) for chunk in column.chunks] or [np.zeros(0)])
    return values.reshape(len(column), -1).astype(np.float64) if len(column) else np.zeros((0, 0))


def folders(parent: Path) -> Iterator[Path]:
    """Folders of exported experiments."""
    for folder in sorted(parent.iterdir()) if parent.is_dir() else ():
        if all((folder / name).is_file() for name in FILES):
            yield folder
