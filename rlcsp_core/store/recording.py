"""Records into rows: histories, structures, totals and checkpoint, all in one transaction.

Kept are the structures of the initial population, of every new best and of the steps from which later trials may
start (the accepted ones), as built and relaxed.
The totals of a run (steps, best energy, how each action fared) are columns of the run, so that a list of runs or a
page that polls needs no count over the history.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Row, insert, update

from rlcsp_core.errors import StoreError
from rlcsp_core.records import Crystal, PopulationRecord, SearchRecord, StepRecord, StopRecord
from rlcsp_core.store import schema
from rlcsp_core.store.packing import finite, pack_crystal, pack_json, pack_matrix, pack_vector
from rlcsp_core.store.records import Claim, RunState, Source
from rlcsp_core.store.writes import Values, canonical, closing, owned

# the state a StopRecord leaves a run in; any other reason is one why the search could not go on
STATE_AFTER = {
    "target": RunState.FINISHED,
    "steps": RunState.FINISHED,
    "time": RunState.FINISHED,
    "stalled": RunState.FINISHED,
    "stopped": RunState.STOPPED,
}


def append(
    connection: Connection, mine: Claim, records: Iterable[SearchRecord], checkpoint: Mapping[str, Any] | None
) -> Values:
    """Records, structures, totals, checkpoint and heartbeat together.  What is already there is not written twice."""
    row = owned(connection, mine)
    totals = Totals(row)
    rows = Rows(row.key)
    for record in records:
        if totals.knows(record):
            continue
        rows.add(record, keep=totals.count(record))
    rows.write(connection)
    if checkpoint is not None:
        write_checkpoint(connection, row.key, checkpoint)
    connection.execute(update(schema.runs).where(schema.runs.c.key == row.key).values(totals.values))
    return {"request": row.request, "grants": row.grants}


def write_checkpoint(connection: Connection, key: int, checkpoint: Mapping[str, Any]) -> None:
    table = schema.checkpoints
    values = {"data": pack_json(checkpoint)}
    if connection.execute(update(table).where(table.c.run == key).values(values)).rowcount == 0:
        connection.execute(insert(table).values(run=key, **values))


class Totals:
    """The columns of a run that follow from its records."""

    def __init__(self, row: Row[Any]) -> None:
        self.values: Values = {
            "n_population": row.n_population,
            "n_population_failed": row.n_population_failed,
            "n_steps": row.n_steps,
            "elapsed": row.elapsed,
            "best_energy": row.best_energy,
            "best_step": row.best_step,
            "heartbeat": time.time(),
        }
        self.run_id = row.id
        self.tally: dict[str, list[int]] = json.loads(row.tally)

    def knows(self, record: SearchRecord) -> bool:
        """Already stored; a gap is a defect and must not be papered over."""
        if isinstance(record, StopRecord):
            return False
        name, number = _numbered(record)
        if number > self.values[name] + 1:
            raise StoreError(f"run {self.run_id}: record {number} of {name} came after {self.values[name]}")
        return bool(number <= self.values[name])

    def count(self, record: SearchRecord) -> bool:
        """Take a record into the totals; True if it is a new best."""
        if isinstance(record, StopRecord):
            state = STATE_AFTER.get(record.reason, RunState.FAILED)
            self.values |= closing(state, record.reason) | {"target_step": record.target_step}
            return False
        name, number = _numbered(record)
        self.values[name] = number
        if isinstance(record, StepRecord):
            self._count_step(record)
        else:
            self.values["n_population_failed"] += record.energy is None
            self.values["elapsed"] += record.seconds
        best = self.values["best_energy"]
        if record.energy is None or (best is not None and record.energy >= best):
            return False
        self.values |= {"best_energy": record.energy, "best_step": getattr(record, "step", 0)}
        return True

    def _count_step(self, record: StepRecord) -> None:
        self.values["elapsed"] = record.elapsed
        outcome = 0 if record.accepted else 1 if record.energy is not None else 2  # as in records.Tally
        self.tally.setdefault(str(record.action), [0, 0, 0])[outcome] += 1
        self.values["tally"] = canonical(self.tally)


def _numbered(record: PopulationRecord | StepRecord) -> tuple[str, int]:
    if isinstance(record, StepRecord):
        return "n_steps", record.step
    return "n_population", record.index + 1


class Rows:
    """Records as rows, table by table, so that each table is written by one statement."""

    def __init__(self, key: int) -> None:
        self.key = key
        self.rows: dict[str, list[Values]] = {}

    def add(self, record: SearchRecord, keep: bool) -> None:
        if isinstance(record, StepRecord):
            self._add_step(record)
            if keep or record.accepted or record.kept:
                self._add_structures(Source.STEP, record.step, record)
        elif isinstance(record, PopulationRecord):
            self._add_member(record)
            self._add_structures(Source.POPULATION, record.index, record)

    def _into(self, table: str, values: Values) -> None:
        self.rows.setdefault(table, []).append({"run": self.key, **values})

    def _add_step(self, r: StepRecord) -> None:
        values = {name: getattr(r, name) for name in STEP_COLUMNS}
        values |= {name: finite(values[name]) for name in STEP_FLOATS}
        values |= {"accepted": int(r.accepted), "reason": _cut(r.reason)}
        self._into("steps", {**values, "probabilities": pack_vector(r.probabilities)})
        if r.update is not None:
            u = r.update
            norms = {
                "gradient_norm": finite(u.gradient_norm),
                "entropy": finite(u.entropy),
                "kl": finite(u.kl),
            }
            self._into("updates", {"step": r.step, "theta": pack_matrix(u.theta), **norms})

    def _add_member(self, r: PopulationRecord) -> None:
        values = {
            "number": r.index,
            "attempts": r.attempts,
            "energy": finite(r.energy),
            "reason": _cut(r.reason),
        }
        self._into("population", {**values, "evaluations": r.evaluations, "seconds": r.seconds})

    def _add_structures(self, source: Source, number: int, record: StepRecord | PopulationRecord) -> None:
        for relaxed, crystal in enumerate((record.before, record.after)):
            if crystal is not None:
                self._into("structures", _structure(source, number, relaxed, crystal, record.energy))

    def write(self, connection: Connection) -> None:
        for table, rows in self.rows.items():
            connection.execute(insert(schema.metadata.tables[table]), rows)


STEP_COLUMNS = (
    "step", "action", "attempts", "energy", "current_energy", "best_energy", "reward", "kT", "n_atoms",
    "evaluations", "relax_seconds", "elapsed", "cpu_seconds", "parent",
)  # fmt: skip
STEP_FLOATS = ("energy", "current_energy", "best_energy", "reward", "cpu_seconds")


def _structure(source: Source, number: int, relaxed: int, crystal: Crystal, energy: float | None) -> Values:
    return {
        "source": source,
        "number": number,
        "relaxed": relaxed,
        "n_atoms": crystal.n_atoms,
        "energy": finite(energy),
        "data": pack_crystal(crystal),
    }


def _cut(reason: str | None) -> str | None:
    return None if reason is None else reason[: schema.REASON_LENGTH]
