"""Runs in files, read as if they were in the database: the same questions, the same answers.

An archive is a folder, or a ZIP of the same files; `export` writes it.  Rows of one run stand together, `run` says
whose they are, names and units are those of `tables`, and the metadata of each file (key `rlcsp`) names the format:

    runs.parquet        one row a run: `RunInfo` but for what only a live run has, and where an unfinished one can go on
    population.parquet  one row a member of the initial population
    steps.parquet       one row a step
    updates.parquet     one row a learning update: θ row by row, n_actions rows
    structures.parquet  one row a structure: x y z of each atom in turn, the three vectors of the cell in turn (Å)
    refinements.parquet one row a structure that a second model has relaxed; where there are any

A whole archive holds every bit of its runs, and `importing` makes runs from it that can go on.  A thinned one, as
in data/results, holds what pages show; `thinning` says what is left out and what empty fields stand for.

Nothing in an archive can run code, and sizes are checked before anything is unpacked.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import cached_property, lru_cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rlcsp_core.errors import NotFoundError, StoreError
from rlcsp_core.records import Array, Crystal
from rlcsp_core.store.arrow import ACTIONS, RUN, from_arrow, numbers
from rlcsp_core.store.arrow_structures import ATOMS, crystal_of, refinement_of
from rlcsp_core.store.histories import check_series, thinned
from rlcsp_core.store.reader import Reader
from rlcsp_core.store.records import (
    Finding,
    Refinement,
    RunInfo,
    RunState,
    Source,
    StructureInfo,
    in_order,
)
from rlcsp_core.store.runs import FORMS
from rlcsp_core.store.thinning import completed
from rlcsp_core.tables import PopulationTable, StepTable, Table, UpdateTable

FORMAT = "rlcsp-archive-1"
METADATA = b"rlcsp"
RUNS, POPULATION, STEPS, UPDATES, STRUCTURES = FILES = (
    "runs.parquet", "population.parquet", "steps.parquet", "updates.parquet", "structures.parquet",
)  # fmt: skip
REFINEMENTS = "refinements.parquet"
LIVE = (  # of a run, what is not exported
    "heartbeat", "host", "process", "request", "policy", "title", "tags", "archived", "discarded",
)  # fmt: skip
MAX_BYTES = 1 << 31  # unpacked; a run of ten million steps is smaller
LONGEST_REASON = 200  # characters of what a reader of files said
KEPT = 8  # groups of rows in memory
T = TypeVar("T", bound=Table)


class Archive(Reader):
    """The runs of an experiment, or one run."""

    def __init__(self, path: Path, mark: str = "") -> None:
        """mark: what stands behind the name of the experiment, to tell it from another of that name."""
        self.path = path
        self._group = lru_cache(KEPT)(self._read_group)  # runs that follow each other share them
        self._steps = lru_cache(1)(self._all_steps)  # a run is asked for step by step
        self._listed = lru_cache(None)(self._list_structures)
        try:
            about = json.loads(self._file(RUNS).metadata.metadata[METADATA])
            if about["format"] != FORMAT:
                raise ValueError(f"its format is {about['format']!r}, this program reads {FORMAT!r}")
            self.is_thinned = bool(about["thinned"])
            self.experiment = None if about["experiment"] is None else f"{about['experiment']}{mark}"
            self._rows = {row["id"]: row for row in self._file(RUNS).read().to_pylist()}
            self._infos = {run_id: self._info(row) for run_id, row in self._rows.items()}
        except (
            Exception
        ) as error:  # readers of ZIP, JSON and Parquet raise whatever damage makes them trip over
            raise refusal(path, error) from None

    def _info(self, row: dict[str, Any]) -> RunInfo:
        names = [field.name for field in fields(RunInfo) if field.name not in LIVE and field.name in row]
        values = {name: FORMS[name](row[name]) if name in FORMS else row[name] for name in names}
        return RunInfo(**values | {"experiment": self.experiment})

    # Files

    @cached_property
    def _zip(self) -> zipfile.ZipFile | None:
        if self.path.is_dir():
            return None
        archive = zipfile.ZipFile(self.path)
        if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
            raise ValueError("it is too large")
        return archive

    def _file(self, name: str) -> pq.ParquetFile:
        """A small file can hold a large table: its directory says how large, and is asked first."""
        file = pq.ParquetFile(self.path / name if self._zip is None else BytesIO(self._zip.read(name)))
        groups = range(file.metadata.num_row_groups)
        if sum(file.metadata.row_group(i).total_byte_size for i in groups) > MAX_BYTES:
            raise ValueError(f"its table {name} is too large")
        return file

    def _read_group(self, name: str, group: int, columns: tuple[str, ...]) -> pa.Table:
        file = self._file(name)
        return file.read_row_group(
            group, columns=[each for each in columns if each in file.schema_arrow.names]
        )

    @cached_property
    def _places(self) -> dict[str, dict[str, list[tuple[int, slice]]]]:
        """{file: {run: groups of rows, and which rows in them}}"""
        found: dict[str, dict[str, list[tuple[int, slice]]]] = {}
        for name in FILES[1:]:
            places = found[name] = {run_id: [] for run_id in self._infos}
            file = self._file(name)
            for group in range(file.metadata.num_row_groups):
                whose = file.read_row_group(group, columns=[RUN])[RUN].combine_chunks().dictionary_encode()
                codes = np.asarray(whose.indices)
                starts = np.flatnonzero(np.diff(codes, prepend=-1))
                for start, end in pairwise([*starts, len(codes)]):
                    run_id = whose.dictionary[int(codes[start])].as_py()
                    places.setdefault(run_id, []).append((group, slice(int(start), int(end))))
        return found

    def _table(self, name: str, run_id: str, columns: Iterable[str]) -> pa.Table:
        """The rows of one run."""
        self.run(run_id)
        places = self._places[name][run_id]
        if not places:
            return self._file(name).schema_arrow.empty_table()
        return pa.concat_tables(self._group(name, group, tuple(columns))[rows] for group, rows in places)

    def _history(self, name: str, kind: type[T], run_id: str) -> T:
        columns = [field.name for field in kind.fields()]
        return from_arrow(kind, self._table(name, run_id, [ACTIONS, *columns]))

    # Runs

    @property
    def url(self) -> str:
        return str(self.path)

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._infos

    def experiments(self) -> dict[str, int]:
        return {} if self.experiment is None else {self.experiment: len(self._infos)}

    def runs(
        self,
        limit: int | None = None,
        *,
        states: Sequence[RunState] | None = None,
        experiment: str | None = None,
        oldest_first: bool = False,
    ) -> list[RunInfo]:
        if experiment not in (None, self.experiment):
            return []
        runs = [run for run in self._infos.values() if states is None or run.state in states]
        return (runs if oldest_first else runs[::-1])[:limit]

    def run(self, run_id: str) -> RunInfo:
        try:
            return self._infos[run_id]
        except KeyError:
            raise NotFoundError(f"there is no run {run_id[:16]!r} in {self.path}") from None

    def thinned(self, run_id: str) -> bool:
        self.run(run_id)
        return self.is_thinned

    def checkpoint(self, run_id: str) -> Any:
        self.run(run_id)
        return json.loads(self._rows[run_id]["checkpoint"] or "null")

    # Histories

    def steps(self, run_id: str, after: int = 0, until: int | None = None) -> StepTable:
        return self._steps(run_id).rows(slice(after, until))

    def overview(self, run_id: str, max_points: int = 2000) -> StepTable:
        table = self._steps(run_id)
        return table.rows(np.array(thinned(len(table), max_points), dtype=np.int64) - 1)

    def _all_steps(self, run_id: str) -> StepTable:
        table = self._history(STEPS, StepTable, run_id)
        return completed(table, self.population(run_id), self.run(run_id)) if self.is_thinned else table

    def series(self, run_ids: Sequence[str], columns: Sequence[str]) -> dict[str, dict[str, Array]]:
        check_series(columns)
        return {run_id: self._series(run_id, columns) for run_id in run_ids}

    def _series(self, run_id: str, columns: Sequence[str]) -> dict[str, Array]:
        if self.is_thinned and "reward" in columns:
            table = self._steps(run_id)
            return {name: np.asarray(getattr(table, name), dtype=np.float64) for name in columns}
        found = self._table(STEPS, run_id, dict.fromkeys(["step", *columns]))
        missing = np.full(len(found), np.nan)
        return {
            name: numbers(found[name]) if name in found.column_names else missing.copy() for name in columns
        }

    def population(self, run_id: str) -> PopulationTable:
        return self._history(POPULATION, PopulationTable, run_id)

    def updates(self, run_id: str, after: int = 0) -> UpdateTable:
        table = self._history(UPDATES, UpdateTable, run_id)
        return table.rows(table.step > after)

    # Structures

    def structures(
        self, run_id: str, source: Source | None = None, number: int | None = None
    ) -> list[StructureInfo]:
        listed = self._listed(run_id)
        return [i for i in listed if source in (None, i.source) and number in (None, i.number)]

    def _list_structures(self, run_id: str) -> dict[StructureInfo, int]:
        """In which row each stands."""
        rows = (
            self._table(STRUCTURES, run_id, StructureInfo._fields).select(StructureInfo._fields).to_pylist()
        )
        return {StructureInfo(**row | {"source": Source(row["source"])}): i for i, row in enumerate(rows)}

    def structure(
        self, run_id: str, number: int, *, source: Source = Source.STEP, relaxed: bool = True
    ) -> Crystal:
        for info, row in self._listed(run_id).items():
            if info[:3] == (source, number, relaxed):
                return crystal_of(self._table(STRUCTURES, run_id, ATOMS)[row : row + 1])
        held = "only what pages show" if self.is_thinned else "the structures of accepted steps alone"
        raise NotFoundError(f"of run {run_id} {held} was exported, not {source} {number}")

    def lowest(self, run_ids: Sequence[str], limit: int) -> list[Finding]:
        found = [
            Finding(run_id, info.source, info.number, info.energy, info.n_atoms)
            for run_id in run_ids
            for info in self.structures(run_id)
            if info.relaxed and info.energy is not None
        ]
        return sorted(found, key=lambda each: each.energy)[:limit]

    # Second looks

    def refinements(self, run_ids: Sequence[str], model: str | None = None) -> list[Refinement]:
        found = (each for each in self._refinements if each.key.run_id in run_ids)
        return sorted((each for each in found if model in (None, each.model)), key=in_order)

    @cached_property
    def _refinements(self) -> list[Refinement]:
        there = (
            (self.path / REFINEMENTS).is_file() if self._zip is None else REFINEMENTS in self._zip.namelist()
        )
        if not there:
            return []
        table = self._file(REFINEMENTS).read()
        return [refinement_of(table[i : i + 1]) for i in range(len(table))]


def refusal(path: Path, error: Exception) -> StoreError:
    """What is wrong with the files, in a sentence."""
    words = (error.strerror if isinstance(error, OSError) else None) or str(error)
    why = " ".join(words.split())[:LONGEST_REASON]
    return StoreError(f"{path} holds no exported runs: {why or type(error).__name__}")


def archive_paths(folder: Path) -> list[Path]:
    """Exported runs in a folder: other folders, and ZIP files."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [each for each in found if (each / RUNS).is_file() or zipfile.is_zipfile(each)]
