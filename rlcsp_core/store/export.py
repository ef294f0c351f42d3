"""Runs into archives: a folder of Parquet files, or a ZIP of the same (see `archive`).

Encodings are chosen by column: few values by a dictionary, floats split into streams of bytes, times as differences.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from rlcsp_core.crystal.formats.frames import ase_database, extxyz
from rlcsp_core.errors import StoreError
from rlcsp_core.store import schema, thinning
from rlcsp_core.store.archive import (
    ATOMS,
    FORMAT,
    LIVE,
    METADATA,
    POPULATION,
    REFINEMENTS,
    RUNS,
    STEPS,
    STRUCTURES,
    UPDATES,
    Archive,
)
from rlcsp_core.store.arrow import RUN, arrow_schema, to_arrow
from rlcsp_core.store.frames import StoredStructure, frames
from rlcsp_core.store.reader import Reader
from rlcsp_core.store.records import Refinement, RunInfo, RunState, StructureInfo, StructureKey
from rlcsp_core.store.runs import canonical
from rlcsp_core.store.store import Store
from rlcsp_core.tables import PopulationTable, StepTable, UpdateTable

Tick = Callable[[float], None]  # is told the share that is done
Kept = tuple[Reader, RunInfo]  # a run and where it is read from

SINGLE, SECONDS = pa.float32(), pa.decimal128(12, 2)  # kept as whole numbers of 10 ms
THIN_TYPES = {
    "elapsed": SECONDS,
    **dict.fromkeys(("reward", "kT", "seconds", "gradient_norm", "entropy"), SINGLE),
    **dict.fromkeys(("probabilities", "theta"), pa.list_(SINGLE)),
}
# few values, or the same again and again; the rest is split into streams of bytes, or written as differences
DICTIONARY = ("probabilities", "current_energy", "best_energy")
SPLIT = ("attempts", "n_atoms", "parent")
TOGETHER = {STRUCTURES: 1 << 11}  # rows of a group, which holds whole runs
MANY = 1 << 16
THOROUGH, QUICK = 19, 3  # levels of zstd


class Form(NamedTuple):
    """How runs are written."""

    experiment: str | None
    thin: bool

    @property
    def schemas(self) -> dict[str, pa.Schema]:
        types = THIN_TYPES if self.thin else {}
        left_out = thinning.LEFT_OUT if self.thin else {}
        tables = {POPULATION: PopulationTable, STEPS: StepTable, UPDATES: UpdateTable}
        found = {name: arrow_schema(kind, types, left_out.get(kind, ())) for name, kind in tables.items()}
        return {RUNS: runs_schema(), **found, STRUCTURES: structures_schema(self.thin)}


def runs_schema() -> pa.Schema:
    """As in the database."""
    names = [field.name for field in fields(RunInfo) if field.name not in LIVE]
    kinds = {int: pa.int64(), float: pa.float64(), str: pa.string()}
    types = {name: kinds[schema.runs.c[name].type.python_type] for name in names}
    return pa.schema({**types, "checkpoint": pa.string()})


def structures_schema(thin: bool) -> pa.Schema:
    lengths = pa.list_(SINGLE if thin else pa.float64())
    info = (pa.string(), pa.int32(), pa.bool_(), pa.int16(), pa.float64())
    atoms = (pa.list_(pa.int16()), lengths, lengths)
    names = (RUN, *StructureInfo._fields, *ATOMS)
    return pa.schema(dict(zip(names, (pa.string(), *info, *atoms), strict=True)))


def refinements_schema(thin: bool = False) -> pa.Schema:
    text, whole, number = pa.string(), pa.int32(), pa.float64()
    lengths = pa.list_(SINGLE if thin else number)
    key = {RUN: text, "source": text, "number": whole, "model": text, "version": text}
    outcome = {"energy": number, "reason": text, "evaluations": whole, "seconds": number}
    return pa.schema(
        {**key, **outcome, "numbers": pa.list_(pa.int16()), "positions": lengths, "cell": lengths}
    )


def save_run(reader: Reader, run_id: str, path: Path) -> None:
    """One run with all that is known of it into a ZIP; one that is being worked on as far as it is stored."""
    write([(reader, reader.run(run_id))], path, Form(None, thin=reader.thinned(run_id)), zipped=True)


def saved(reader: Reader, run_id: str) -> bytes:
    """The same, for a browser."""
    with tempfile.TemporaryDirectory() as folder:
        save_run(reader, run_id, Path(folder) / "run.zip")
        return (Path(folder) / "run.zip").read_bytes()


def export_experiment(
    store: Store, experiment: str, path: Path, tick: Tick, *, whole: bool = False, add: bool = False
) -> int:
    """Write all ended runs of an experiment into a folder or a ZIP; how many are there then.

    whole: with all that they recorded; else what pages show.
    add: to the runs that are there already, which come first.  A run that is there takes the place of its copy, for it
    may have gone on since; another with the name and the configuration of one that is there is left out."""
    ended = [
        run
        for run in store.runs(experiment=experiment, oldest_first=True)
        if not run.active and run.n_population
    ]
    if not ended:
        names = ", ".join(store.experiments()) or "none"
        raise StoreError(
            f"experiment {experiment!r} has no runs to export in {store.description}; there are: {names}"
        )
    runs: list[Kept] = [(store, run) for run in ended]
    if add and (path.is_file() or (path / RUNS).is_file()):
        runs = added(Archive(path), experiment, runs, whole)
    write(runs, path, Form(experiment, thin=not whole), zipped=path.suffix == ".zip", tick=tick)
    return len(runs)


def added(there: Archive, experiment: str, runs: Sequence[Kept], whole: bool) -> list[Kept]:
    """The runs of an archive and more."""
    if there.experiment != experiment:
        raise StoreError(
            f"{there.path} holds the experiment {there.experiment!r}: runs of {experiment!r} do not belong there"
        )
    if whole and there.is_thinned:
        raise StoreError(f"{there.path} holds thinned runs: whole ones cannot be added to them")
    again = {run.id for _, run in runs}
    stay: list[Kept] = [(there, run) for run in there.runs(oldest_first=True) if run.id not in again]
    plans = {plan(run) for _, run in stay}
    return stay + [(reader, run) for reader, run in runs if plan(run) not in plans]


def plan(run: RunInfo) -> tuple[str, str]:
    """What a run was to be; the same for runs that are one another's repetition."""
    return run.name, canonical(run.config)


def nobody(_: float) -> None:
    """Where nobody waits."""


def write(runs: Sequence[Kept], path: Path, form: Form, *, zipped: bool, tick: Tick = nobody) -> None:
    """What was there is replaced once all is written."""
    with replaced(path, zipped=zipped) as folder:
        write_files(runs, folder, form, tick)
    tick(1.0)


def export_minima(
    reader: Reader, runs: Sequence[RunInfo], keys: Collection[StructureKey], path: Path
) -> None:
    """Runs without histories into a folder: how each ended, and these of its structures, also as relaxed again."""
    form = Form(runs[0].experiment if runs else None, thin=True)
    structures = []
    for run in runs:
        infos = [info for info in reader.structures(run.id) if info.relaxed]
        wanted = [info for info in infos if StructureKey(run.id, info.source, info.number) in keys]
        structures += [structure_row(each, run.id) for each in stored(reader, run.id, wanted)]
    made = [refinement_row(each) for each in reader.refinements([run.id for run in runs]) if each.key in keys]
    tables = {
        **{name: [] for name in form.schemas},
        RUNS: [run_row(reader, run, form) for run in runs],
        STRUCTURES: structures,
        REFINEMENTS: made,
    }
    schemas = {**form.schemas, REFINEMENTS: refinements_schema(form.thin)}
    with replaced(path, zipped=False) as folder:
        for name, rows in tables.items():
            with Writer(folder / name, schemas[name], form) as file:
                file.add(pa.Table.from_pylist(rows, schemas[name]))


@contextmanager
def replaced(path: Path, *, zipped: bool) -> Iterator[Path]:
    """A folder to write files into, which become the archive once all are written."""
    try:
        if not zipped:
            path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent if zipped else path, prefix=".new-") as made:
            folder = Path(made)
            yield folder
            files = sorted(folder.iterdir())
            if zipped:
                with zipfile.ZipFile(folder / "all", "w") as archive:
                    for file in files:  # Parquet files do not shrink
                        text = file.suffix not in (".parquet",)
                        archive.write(file, file.name, zipfile.ZIP_DEFLATED if text else zipfile.ZIP_STORED)
                (folder / "all").replace(path)
            else:
                (path / REFINEMENTS).unlink(missing_ok=True)  # of an earlier export, where there are none now
                for file in files:
                    file.replace(path / file.name)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}") from None


def write_files(runs: Sequence[Kept], folder: Path, form: Form, tick: Tick) -> None:
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(Writer(folder / name, columns, form))
            for name, columns in form.schemas.items()
        }
        for done, (reader, run) in enumerate(runs):
            tick(done / len(runs))
            for name, table in tables_of(reader, run, form).items():
                files[name].add(table)
    refinements = [refinement_row(each) for reader, run in runs for each in reader.refinements([run.id])]
    if refinements:
        columns = refinements_schema(form.thin)
        with Writer(folder / REFINEMENTS, columns, form) as file:
            file.add(pa.Table.from_pylist(refinements, columns))
    if len(runs) == 1 and not form.thin:
        ((reader, run),) = runs
        structures = list(frames(stored(reader, run.id, reader.structures(run.id))))
        (folder / "structures.extxyz").write_bytes(extxyz(structures))
        (folder / "structures.db").write_bytes(ase_database(structures))


class Writer:
    """One file; a group of rows holds whole runs."""

    def __init__(self, path: Path, columns: pa.Schema, form: Form) -> None:
        about = {"format": FORMAT, "experiment": form.experiment, "thinned": form.thin}
        leaves = {leaf(field): encoding(field) for field in columns}
        self._file = pq.ParquetWriter(
            path,
            columns.with_metadata({METADATA: json.dumps(about).encode()}),
            compression="zstd",
            compression_level=THOROUGH if form.thin else QUICK,
            write_statistics=False,  # they help to skip groups by value, which nobody does here
            store_decimal_as_integer=True,
            use_dictionary=[name for name, chosen in leaves.items() if chosen is None],
            column_encoding={name: chosen for name, chosen in leaves.items() if chosen is not None},
        )
        self._together = TOGETHER.get(path.name, MANY)
        self._waiting: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        self._waiting.append(table)
        if sum(map(len, self._waiting)) >= self._together:
            self._flush()

    def _flush(self) -> None:
        table = pa.concat_tables(self._waiting) if self._waiting else ()
        if len(table):
            self._file.write_table(table, row_group_size=len(table))
        self._waiting = []

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._file.close()


def leaf(field: pa.Field) -> str:
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)


def encoding(field: pa.Field) -> str | None:
    """None: a dictionary."""
    kind = field.type.value_type if pa.types.is_list(field.type) else field.type
    if field.name in DICTIONARY:
        return None
    if pa.types.is_decimal(kind) or field.name == "step":
        return "DELTA_BINARY_PACKED"
    return "BYTE_STREAM_SPLIT" if pa.types.is_floating(kind) or field.name in SPLIT else None


def tables_of(reader: Reader, run: RunInfo, form: Form) -> dict[str, pa.Table]:
    """{file: rows of one run}"""
    population, steps, updates = reader.population(run.id), reader.steps(run.id), reader.updates(run.id)
    structures = reader.structures(run.id)
    if form.thin:
        population = thinning.thin_population(population)
        steps = thinning.thin_steps(steps, population, run)
        updates = thinning.thin_updates(updates)
        structures = shown(reader, run.id)
    schemas = form.schemas
    return {
        RUNS: pa.Table.from_pylist([run_row(reader, run, form)], schemas[RUNS]),
        POPULATION: to_arrow(population, run.id, schemas[POPULATION]),
        STEPS: to_arrow(steps, run.id, schemas[STEPS]),
        UPDATES: to_arrow(updates, run.id, schemas[UPDATES]),
        STRUCTURES: pa.Table.from_pylist(
            [structure_row(each, run.id) for each in stored(reader, run.id, structures)], schemas[STRUCTURES]
        ),
    }


def shown(reader: Reader, run_id: str) -> list[StructureInfo]:
    """The best structure, and those that a second model has relaxed."""
    best = reader.best_structure(run_id)
    again = {each.key[1:] for each in reader.refinements([run_id])}
    return [
        info
        for info in reader.structures(run_id)
        if info.relaxed and ((best is not None and info == best[0]) or info[:2] in again)
    ]


def run_row(reader: Reader, run: RunInfo, form: Form) -> dict[str, Any]:
    waits = run.active or run.state is RunState.QUEUED
    row = {field.name: getattr(run, field.name) for field in fields(run) if field.name not in LIVE}
    row |= {"state": str(RunState.INTERRUPTED if waits else run.state), "experiment": form.experiment}
    row |= {name: canonical(row[name]) for name in ("config", "versions")}
    row["tally"] = json.dumps(row["tally"])
    # thinned records are none that a run can go on from
    return row | {"checkpoint": None if form.thin else json.dumps(reader.checkpoint(run.id))}


def stored(reader: Reader, run_id: str, infos: Iterable[StructureInfo]) -> Iterator[StoredStructure]:
    made = reader.refinements([run_id])
    for info in infos:
        crystal = reader.structure(run_id, info.number, source=info.source, relaxed=info.relaxed)
        again = [each for each in made if info.relaxed and each.key == (run_id, info.source, info.number)]
        yield StoredStructure(info, crystal, again)


def structure_row(structure: StoredStructure, run_id: str) -> dict[str, Any]:
    info, crystal, _ = structure
    atoms = {name: getattr(crystal, name).ravel() for name in ATOMS}
    return {RUN: run_id, **info._asdict(), "source": info.source.value, **atoms}


def refinement_row(made: Refinement) -> dict[str, Any]:
    values = {name: value for name, value in vars(made).items() if name not in ("key", "crystal")}
    atoms = {} if made.crystal is None else {name: getattr(made.crystal, name).ravel() for name in ATOMS}
    return {
        RUN: made.key.run_id,
        "source": made.key.source.value,
        "number": made.key.number,
        **values,
        **atoms,
    }
