"""Exported experiments, read as if they were in the database: the same questions, the same answers.

An `Archive` is one folder written by `export.export_experiment`.  It cannot be written to.  Of the structures it holds
the best one of each run.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rlcsp_core.errors import NotFoundError, StoreError
from rlcsp_core.records import Array, Crystal
from rlcsp_core.store import derived
from rlcsp_core.store.columns import objects
from rlcsp_core.store.histories import thinned
from rlcsp_core.store.parquet import FORMAT, METADATA, READABLE, lists, matrix
from rlcsp_core.store.reader import Reader
from rlcsp_core.store.records import Finding, Request, RunInfo, RunState, Source, StructureInfo
from rlcsp_core.tables import Kind, PopulationTable, StepTable, Tally, UpdateTable

SUFFIX = (
    " (shipped)"  # tells the results that came with the program from the user's own of the same experiment
)


class Archive(Reader):
    """The runs of one exported experiment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            metadata = pq.read_schema(folder / "runs.parquet").metadata or {}
            self.about: dict[str, Any] = json.loads(metadata[METADATA])
        except (OSError, KeyError, ValueError) as error:
            raise StoreError(f"{folder} holds no exported experiment: {error}") from None
        if self.about.get("format") not in READABLE:
            raise StoreError(f"{folder} has format {self.about.get('format')}, this program reads {FORMAT}")
        self.name = self.about["experiment"] + SUFFIX

    @cached_property
    def _rows(self) -> dict[str, dict[str, Any]]:
        # not by read_table, which loads all of pyarrow's data sets for it
        return {row["id"]: row for row in pq.ParquetFile(self.folder / "runs.parquet").read().to_pylist()}

    @cached_property
    def _infos(self) -> dict[str, RunInfo]:
        return {run_id: _info(row, self.name) for run_id, row in self._rows.items()}

    @cached_property
    def _places(self) -> dict[str, int]:
        """Row group of each run."""
        return {run_id: place for place, run_id in enumerate(self._rows)}

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._rows

    def _row(self, run_id: str) -> dict[str, Any]:
        try:
            return self._rows[run_id]
        except KeyError:
            raise NotFoundError(f"there is no run {run_id!r} in {self.name}") from None

    def _read(self, name: str, run_ids: Sequence[str], columns: Sequence[str] | None = None) -> pa.Table:
        places = [self._places[run_id] for run_id in run_ids]
        return pq.ParquetFile(self.folder / name).read_row_groups(places, columns=columns)

    @property
    def url(self) -> str:
        return str(self.folder)

    def experiments(self) -> dict[str, int]:
        return {self.name: len(self._rows)}

    def runs(
        self,
        limit: int | None = None,
        *,
        states: Sequence[RunState] | None = None,
        experiment: str | None = None,
        oldest_first: bool = False,
    ) -> list[RunInfo]:
        runs = [run for run in self._infos.values() if states is None or run.state in states]
        if experiment not in (None, self.name):
            return []
        return (runs if oldest_first else runs[::-1])[:limit]

    def run(self, run_id: str) -> RunInfo:
        self._row(run_id)
        return self._infos[run_id]

    def steps(self, run_id: str, after: int = 0, until: int | None = None) -> StepTable:
        self._row(run_id)
        table = self._steps(run_id)
        end = len(table) if until is None else min(until, len(table))
        return step_table(table.slice(after, max(end - after, 0)))

    def overview(self, run_id: str, max_points: int = 2000) -> StepTable:
        table = self._steps(self._row(run_id)["id"])
        chosen = thinned(len(table), max_points)
        return step_table(table.take(np.array(chosen, dtype=np.int64) - 1))

    def _steps(self, run_id: str, columns: Sequence[str] | None = None) -> pa.Table:
        """All steps of a run, with the values that were left out because they follow."""
        table = self._read("steps.parquet", [run_id], columns)
        if self.about["format"] != FORMAT:
            return table
        record = derived.Record(
            self.population(run_id).energy, _floats(table["energy"]), _floats(table["current_energy"])
        )
        follows = np.asarray(table["reward"].is_null())
        reward = np.where(follows, derived.rewards(record), _floats(table["reward"]))
        table = _replaced(table, "reward", pa.array(reward))
        if columns is not None or not len(table):
            return table
        return _replaced(table, "probabilities", lists(self._probabilities(run_id, table, record)))

    def _probabilities(self, run_id: str, table: pa.Table, record: derived.Record) -> Array:
        """[T, A]"""
        column = table["probabilities"]
        follows = np.asarray(column.is_null())
        stored = matrix(column.filter(pa.array(~follows)))
        if not follows.any():
            return stored
        mask = derived.unpacked(_integers(table["mask"]), stored.shape[1])
        exploration = float(self._row(run_id)["exploration"])
        found = derived.probabilities(
            record, self.updates(run_id), _integers(table["step"]), mask, exploration
        )
        found = found.astype(np.float32).astype(np.float64)  # as stored ones are
        found[~follows] = stored
        return found

    def series(self, run_ids: Sequence[str], columns: Sequence[str]) -> dict[str, dict[str, Array]]:
        for run_id in run_ids:
            self._row(run_id)
        if "reward" in columns and self.about["format"] == FORMAT:
            return {run_id: self._series_with_rewards(run_id, columns) for run_id in run_ids}
        table = self._read("steps.parquet", run_ids, self._present(columns)) if run_ids else None
        lengths = [self._rows[run_id]["n_steps"] for run_id in run_ids]
        cuts = np.cumsum(lengths)[:-1]
        split = (
            {name: np.split(_known_or_nan(table, name), cuts) for name in columns}
            if table is not None
            else {}
        )
        return {run_id: {name: split[name][i] for name in columns} for i, run_id in enumerate(run_ids)}

    def _series_with_rewards(self, run_id: str, columns: Sequence[str]) -> dict[str, Array]:
        needed = dict.fromkeys((*columns, "reward", "energy", "current_energy"))
        table = self._steps(run_id, self._present(list(needed)))
        return {name: _known_or_nan(table, name) for name in columns}

    def _present(self, columns: Sequence[str]) -> list[str]:
        """Those the file has, and one at least, which says how many steps there are."""
        names = pq.read_schema(self.folder / "steps.parquet").names
        return [name for name in columns if name in names] or ["step"]

    def population(self, run_id: str) -> PopulationTable:
        row = self._row(run_id)
        return PopulationTable(
            index=np.arange(len(row["population_energy"]), dtype=np.int64),
            attempts=np.array(row["population_attempts"], dtype=np.int64),
            energy=np.array(row["population_energy"], dtype=np.float64),
            reason=objects(row["population_reason"]),
            evaluations=np.array(row["population_evaluations"], dtype=np.int64),
            seconds=np.array(row["population_seconds"], dtype=np.float64),
        )

    def updates(self, run_id: str, after: int = 0) -> UpdateTable:
        self._row(run_id)
        table = self._read("updates.parquet", [run_id])
        theta = matrix(table["theta"])
        n_actions = int(table["n_actions"][0].as_py()) if len(table) else 0
        step = _integers(table["step"])
        new = step > after
        return UpdateTable(
            step=step[new],
            theta=theta.reshape(len(table), n_actions, -1)[new] if len(table) else np.zeros((0, 0, 0)),
            gradient_norm=_floats(table["gradient_norm"])[new],
            entropy=_floats(table["entropy"])[new],
            kl=_floats(table["kl"])[new],
        )

    def structures(self, run_id: str, source: Source | None = None) -> list[StructureInfo]:
        best = self.best_structure(run_id)
        return [best[0]] if best is not None and source in (None, best[0].source) else []

    def lowest(self, run_ids: Sequence[str], limit: int) -> list[Finding]:
        rows = [row for run_id in run_ids if (row := self._row(run_id))["best_numbers"] is not None]
        found = [
            Finding(
                row["id"],
                Source(row["best_source"]),
                row["best_number"],
                row["best_energy"],
                len(row["best_numbers"]),
            )
            for row in rows
        ]
        return sorted(found, key=lambda each: each.energy)[:limit]

    def structure(
        self, run_id: str, number: int, *, source: Source = Source.STEP, relaxed: bool = True
    ) -> Crystal:
        best = self.best_structure(run_id)
        if best is None or (best[0].source, best[0].number) != (source, number) or not relaxed:
            raise NotFoundError(
                f"of run {run_id} only the best structure was exported, not {source} {number}"
            )
        return best[1]

    def best_structure(self, run_id: str) -> tuple[StructureInfo, Crystal] | None:
        row = self._row(run_id)
        if row["best_numbers"] is None:
            return None
        crystal = Crystal(
            numbers=np.array(row["best_numbers"], dtype=np.int64),
            positions=np.array(row["best_positions"], dtype=np.float64).reshape(-1, 3),
            cell=np.array(row["best_cell"], dtype=np.float64).reshape(3, 3),
        )
        source = Source(row["best_source"])
        return StructureInfo(source, row["best_number"], True, crystal.n_atoms, row["best_energy"]), crystal


# of `RunInfo`, what only a live run has
NOT_EXPORTED = {
    "heartbeat": None,
    "host": None,
    "process": None,
    "request": Request.RUN,
    "policy": None,
}


def _info(row: dict[str, Any], experiment: str) -> RunInfo:
    tally = {int(action): Tally(*counts) for action, counts in json.loads(row["tally"]).items()}
    special: dict[str, Any] = {
        **NOT_EXPORTED,
        "experiment": experiment,
        "state": RunState(row["state"]),
        "config": json.loads(row["config"]),
        "versions": json.loads(row["versions"]),
        "tally": tally,
    }
    plain = {field.name: row[field.name] for field in fields(RunInfo) if field.name not in special}
    return RunInfo(**plain, **special)


def step_table(table: pa.Table) -> StepTable:
    return StepTable(**{field.name: _numpy(table, field.name, field.kind) for field in StepTable.fields()})


def _numpy(table: pa.Table, name: str, kind: Kind) -> Any:
    match kind:
        case Kind.TEXT:
            return objects(table[name].to_pylist())
        case Kind.VECTOR:
            return matrix(table[name])
        case Kind.FLAG:
            return np.asarray(table[name], dtype=np.bool_)
        case Kind.NUMBER:
            return _known_or_nan(table, name)
    return _known_or_nan(table, name) if name in LATER else _integers(table[name])


LATER = ("cpu_seconds", "parent")  # columns that files of older versions lack


def _known_or_nan(table: pa.Table, name: str) -> Array:
    missing = name in LATER and name not in table.column_names
    return np.full(len(table), np.nan) if missing else _floats(table[name])


def _floats(column: pa.ChunkedArray) -> Array:
    """[K], NaN for null."""
    found = np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    return np.round(found, column.type.scale) if pa.types.is_decimal(column.type) else found


def _replaced(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)


def _integers(column: pa.ChunkedArray) -> Any:
    return column.to_numpy().astype(np.int64)
