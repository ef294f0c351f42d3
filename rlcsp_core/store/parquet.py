"""Runs as Parquet tables: compact, open, readable by every data tool.

A folder holds three tables:

    runs.parquet      one row a run: all of `RunInfo`, the initial population as lists, the best structure
    steps.parquet     one row a step, names and units as in `StepTable`; one row group a run, in the order of runs
    updates.parquet   one row a learning update: θ row by row, gradient norm, entropy, KL; one row group a run

An energy that does not exist is null.  Probabilities are rounded to 32 bits and times of steps to 0.1 ms; everything
else is exact.  A null among the rewards or probabilities is a value that follows from the rest (`derived`; `Archive`
fills it in); `mask` says which actions could be taken, bit k the k-th.  Files of the first format hold all values and
are read too.  The metadata of each file names the experiment, the versions and machines that made it, and the format.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from rlcsp_core.tables import StepTable, UpdateTable

FORMAT = "rlcsp-results-2"
READABLE = ("rlcsp-results-1", FORMAT)
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
        ("exploration", pa.float64()),  # ε of the policy that derived probabilities are asked of
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


NULLABLE = ("energy", "current_energy", "best_energy", "reward", "cpu_seconds", "parent")


def steps_table(run_id: str, table: StepTable, schema: pa.Schema = STEPS) -> pa.Table:
    columns = {name: getattr(table, name) for name in schema.names if name not in ("run", "probabilities")}
    columns |= {name: nulls(columns[name]) for name in NULLABLE}
    columns["probabilities"] = lists(table.probabilities)
    columns["run"] = [run_id] * len(table)
    return pa.table({name: pa.array(columns[name]) for name in schema.names}).cast(schema)


def updates_table(run_id: str, table: UpdateTable) -> pa.Table:
    n_actions = table.theta.shape[1]
    columns = {
        "run": [run_id] * len(table),
        "step": table.step,
        "n_actions": [n_actions] * len(table),
        "theta": lists(table.theta.reshape(len(table), -1) if len(table) else np.zeros((0, 1))),
        **{name: nulls(getattr(table, name)) for name in ("gradient_norm", "entropy", "kl")},
    }
    return pa.table({name: pa.array(columns[name], UPDATES.field(name).type) for name in UPDATES.names})


def nulls(values: np.ndarray) -> pa.Array:
    """[K], null for NaN."""
    return pa.array(values, from_pandas=True)


def lists(matrix: np.ndarray) -> pa.Array:
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
