"""Experiments into Parquet files, as small as they get without losing anything that is needed.

Encodings are chosen by column: whole numbers as differences, floats split into streams of bytes, few values by
dictionary.  What follows from the rest of a record is left out (`derived`), and read back by `Archive`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rlcsp_core.agents import AGENTS
from rlcsp_core.errors import StoreError
from rlcsp_core.records import Array, BoolArray
from rlcsp_core.store import derived
from rlcsp_core.store.archive import SUFFIX, Archive
from rlcsp_core.store.parquet import (
    FILES,
    FORMAT,
    METADATA,
    RUNS,
    STEPS,
    UPDATES,
    nulls,
    steps_table,
    updates_table,
)
from rlcsp_core.store.records import RunInfo
from rlcsp_core.store.store import Store
from rlcsp_core.tables import PopulationTable, StepTable, UpdateTable

Source = Store | Archive
Kept = tuple[Source, RunInfo]  # a run and where it is read from

SECONDS = pa.decimal128(14, 4)  # kept as whole numbers of 0.1 ms
TIMES = ("elapsed", "cpu_seconds", "relax_seconds")
SHIPPED_STEPS = pa.schema(
    [*(pa.field(f.name, SECONDS if f.name in TIMES else f.type) for f in STEPS), ("mask", pa.int32())]
)

DIFFERENCES, SPLIT = "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"
ENCODINGS = {
    "steps.parquet": {
        "step": DIFFERENCES,
        "energy": SPLIT,
        "reward": SPLIT,
        "relax_seconds": SPLIT,
        "elapsed": DIFFERENCES,
        "cpu_seconds": DIFFERENCES,
    },
    "updates.parquet": {
        "step": DIFFERENCES,
        "theta.list.element": SPLIT,
        "gradient_norm": SPLIT,
        "entropy": SPLIT,
        "kl": SPLIT,
    },
    "runs.parquet": {},
}


def export_experiment(
    store: Store, experiment: str, folder: Path, tick: Callable[[float], None], *, add: bool = False
) -> int:
    """Write all ended runs of an experiment; how many are in the folder then.  `tick` is told the share that is done.

    add: to the runs that are in the folder already, which come first.  A run that is there takes the place of its copy,
    for it may have gone on since; another with the name and the configuration of one that is there is left out."""
    runs: list[Kept] = [
        (store, run)
        for run in store.runs(experiment=experiment, oldest_first=True)
        if not run.active and run.n_population
    ]
    if not runs:
        names = ", ".join(store.experiments()) or "none"
        raise StoreError(
            f"experiment {experiment!r} has no runs to export in {store.description}; there are: {names}"
        )
    if add and any((folder / name).exists() for name in FILES):
        return _add(Archive(folder), experiment, runs, tick)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(runs, folder, _metadata(experiment, runs), tick)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror or error}") from None
    return len(runs)


def recode(folder: Path, tick: Callable[[float], None]) -> int:
    """Write the files of a folder again as this program writes them; how many runs."""
    old = Archive(folder)
    return _rewrite(old, _all_of(old), [], tick)


def _all_of(archive: Archive) -> list[Kept]:
    return [(archive, run) for run in archive.runs()[::-1]]


def _add(old: Archive, experiment: str, runs: Sequence[Kept], tick: Callable[[float], None]) -> int:
    if old.about["experiment"] != experiment:
        raise StoreError(
            f"{old.folder} holds the experiment {old.about['experiment']!r}: runs of {experiment!r} do not belong there"
        )
    again = {run.id for _, run in runs}
    stay = [(source, run) for source, run in _all_of(old) if run.id not in again]
    there = {_plan(run) for _, run in stay}
    return _rewrite(old, stay, [(source, run) for source, run in runs if _plan(run) not in there], tick)


def _plan(run: RunInfo) -> tuple[str | None, str]:
    """What a run was to be; the same for runs that are one another's repetition."""
    return run.name, json.dumps(run.config, sort_keys=True)


def _rewrite(old: Archive, own: Sequence[Kept], more: Sequence[Kept], tick: Callable[[float], None]) -> int:
    """Write what stays of an archive again, more runs behind it; how many runs there are then.

    The new files take the place of the old ones once everything of the old was read back and is equal."""
    runs, fresh = [*own, *more], old.folder / "new"
    try:
        fresh.mkdir(exist_ok=True)
        _write(runs, fresh, _metadata(old.about["experiment"], runs), tick)
        new = Archive(fresh)
        for _, run in own:
            if differing := _differing(old, new, run.id):
                raise StoreError(f"run {run.id} of {old.folder} would not come back: {', '.join(differing)}")
        for name in FILES:
            (fresh / name).replace(old.folder / name)
        fresh.rmdir()
    except OSError as error:
        raise StoreError(f"{old.folder} cannot be written: {error.strerror or error}") from None
    return len(runs)


def _differing(old: Archive, new: Archive, run_id: str) -> list[str]:
    """What of a run is not the same in both: anything, or times by more than they are rounded."""
    pairs = [("run", old.run(run_id), new.run(run_id))]
    pairs += [
        (what, getattr(old, what)(run_id), getattr(new, what)(run_id))
        for what in ("steps", "population", "updates")
    ]
    found = [
        f"{what}.{field.name}"
        for what, a, b in pairs
        for field in fields(a)
        if not _equal(getattr(a, field.name), getattr(b, field.name), rounded=field.name in TIMES)
    ]
    best = [archive.best_structure(run_id) for archive in (old, new)]
    if repr(best[0]) != repr(best[1]):
        found.append("best structure")
    return found


def _equal(a: Any, b: Any, *, rounded: bool) -> bool:
    if not isinstance(a, np.ndarray):
        return bool(a == b)
    if a.dtype == object:
        return bool(a.tolist() == b.tolist())
    if rounded:
        return bool(np.allclose(a, b, rtol=0, atol=10.0**-SECONDS.scale, equal_nan=True))
    return bool(np.array_equal(a, b, equal_nan=True))


def _write(
    runs: Sequence[Kept],
    folder: Path,
    metadata: dict[bytes, bytes],
    tick: Callable[[float], None],
) -> None:
    def writer(name: str, schema: pa.Schema) -> pq.ParquetWriter:
        encodings = ENCODINGS[name]
        leaves = [f"{f.name}.list.element" if pa.types.is_list(f.type) else f.name for f in schema]
        return pq.ParquetWriter(
            folder / name,
            schema.with_metadata(metadata),
            compression="zstd",
            compression_level=19,
            write_statistics=False,  # they help to skip row groups by value, which nobody does here
            store_decimal_as_integer=True,
            use_dictionary=[leaf for leaf in leaves if leaf not in encodings],
            column_encoding=encodings,
        )

    rows = []
    with writer("steps.parquet", SHIPPED_STEPS) as steps, writer("updates.parquet", UPDATES) as updates:
        for done, (store, run) in enumerate(runs):
            tick(done / len(runs))
            exploration = exploration_of(run.config)
            rows.append({**run_row(store, run), "exploration": exploration})
            learned = store.updates(run.id)
            population = store.population(run.id).energy
            steps.write_table(shipped_steps(run.id, store.steps(run.id), population, learned, exploration))
            updates.write_table(updates_table(run.id, learned))
    with writer("runs.parquet", RUNS) as table:
        table.write_table(pa.Table.from_pylist(rows, RUNS))
    tick(1.0)


def exploration_of(config: Mapping[str, Any]) -> float:
    """ε of a learner; 0 for a fixed policy.  A wrong one costs bytes and nothing else: what does not follow is kept."""
    kind = AGENTS.get(str(config.get("algorithm")))
    if kind is None:
        return 0.0
    return float(config.get("settings", {}).get("exploration", getattr(kind.config, "exploration", 0.0)))


def shipped_steps(
    run_id: str, table: StepTable, population: Array, updates: UpdateTable, exploration: float
) -> pa.Table:
    """Steps without the rewards and probabilities that follow from the rest."""
    mask = table.probabilities > 0
    full = steps_table(run_id, table, STEPS.remove(STEPS.get_field_index("relax_seconds")))
    columns = {name: full[name] for name in full.column_names}
    for name in ("elapsed", "cpu_seconds", "relax_seconds"):
        columns[name] = nulls(np.round(getattr(table, name), SECONDS.scale)).cast(SECONDS, safe=False)
    record = derived.Record(population, table.energy, table.current_energy)
    columns["reward"] = pa.array(table.reward, mask=_same(derived.rewards(record), table.reward))
    if mask.shape[1] <= derived.BITS:
        again = derived.probabilities(record, updates, table.step, mask, exploration).astype(np.float32)
        follows = (again == table.probabilities.astype(np.float32)).all(axis=1)
        follows[:1] = False  # the first row says how many actions there are
        lists = columns["probabilities"].combine_chunks()
        columns["probabilities"] = pc.if_else(pa.array(follows), pa.scalar(None, lists.type), lists)
        columns["mask"] = pa.array(derived.packed(mask))
    else:
        columns["mask"] = pa.nulls(len(table), pa.int32())
    return pa.table({name: columns[name] for name in SHIPPED_STEPS.names}).cast(SHIPPED_STEPS)


def _same(a: Array, b: Array) -> BoolArray:
    """[K] equal to the last bit, and a number."""
    return np.asarray((a == b) & (np.signbit(a) == np.signbit(b)))


def _metadata(experiment: str, runs: Sequence[Kept]) -> dict[bytes, bytes]:
    machines = {json.dumps(run.versions, sort_keys=True) for _, run in runs}
    content = {
        "format": FORMAT,
        "experiment": experiment,
        "made_by": [json.loads(machine) for machine in sorted(machines)],
        "started": min((run.started for _, run in runs if run.started), default=None),
        "ended": max((run.ended for _, run in runs if run.ended), default=None),
    }
    return {METADATA: json.dumps(content).encode()}


def run_row(store: Source, run: RunInfo) -> dict[str, Any]:
    members = store.population(run.id)
    values = {name: value for name, value in asdict(run).items() if name in RUNS.names}
    values["experiment"] = run.experiment.removesuffix(SUFFIX) if run.experiment else None
    values |= {name: json.dumps(values[name]) for name in ("config", "versions")}
    values["tally"] = json.dumps({action: list(tally) for action, tally in run.tally.items()})
    return {**values, **_population_columns(members), **_best_columns(store, run)}


def _population_columns(members: PopulationTable) -> dict[str, Any]:
    return {
        "population_energy": nulls(members.energy).to_pylist(),
        "population_attempts": members.attempts.tolist(),
        "population_evaluations": members.evaluations.tolist(),
        "population_seconds": members.seconds.tolist(),
        "population_reason": members.reason.tolist(),
    }


def _best_columns(store: Source, run: RunInfo) -> dict[str, Any]:
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
