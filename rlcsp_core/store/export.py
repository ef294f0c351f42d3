"""Runs into archives: a folder of Parquet files, or a ZIP of the same (see `archive`)."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa

from rlcsp_core.crystal.formats.frames import ase_database, extxyz
from rlcsp_core.errors import StoreError
from rlcsp_core.store import thinning
from rlcsp_core.store.archive import (
    LIVE,
    POPULATION,
    REFINEMENTS,
    RUNS,
    STEPS,
    STRUCTURES,
    UPDATES,
    Archive,
)
from rlcsp_core.store.archive_files import Form, Writer
from rlcsp_core.store.arrow import to_arrow
from rlcsp_core.store.arrow_structures import refinement_row, refinements_schema, structure_row
from rlcsp_core.store.frames import StoredStructure, frames
from rlcsp_core.store.reader import Reader
from rlcsp_core.store.records import RunInfo, RunState, StructureInfo, StructureKey
from rlcsp_core.store.runs import canonical
from rlcsp_core.store.store import Store

Tick = Callable[[float], None]  # is told the share that is done
Kept = tuple[Reader, RunInfo]  # a run and where it is read from


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
