"""Runs: made, listed, asked for something, deleted."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from rlcsp_core.errors import NotFoundError, StoreError
from rlcsp_core.store import schema
from rlcsp_core.store.database import Connected
from rlcsp_core.store.packing import unpack_json
from rlcsp_core.store.records import ACTIVE, RESUMABLE, Request, RunInfo, RunState
from rlcsp_core.tables import Tally

ID = re.compile(rf"[0-9a-f]{{1,{schema.ID_LENGTH}}}")
ID_BYTES = 5  # of a run's id: a million runs collide with probability 0.4
Values = dict[str, Any]


class Runs(Connected):
    """The part of a store that knows runs, but not what they have recorded."""

    def create_run(self, config: Mapping[str, Any], *, name: str, policy: str | None = None) -> str:
        """Queue a run of no experiment; its id.  `policy` names a shared policy, whose θ it reads and updates."""
        row = new_row(config, name, None, policy)
        with self._writing() as connection:
            connection.execute(insert(schema.runs).values(row))
        return str(row["id"])

    def delete_run(self, run_id: str) -> None:
        """With all that it recorded, by the foreign keys, and what was made of its structures since."""
        with self._writing() as connection:
            row = run_row(connection, run_id, lock=True)
            if row.state in ACTIVE:
                raise StoreError(f"run {run_id} is still working; stop it before deleting it")
            connection.execute(delete(schema.runs).where(schema.runs.c.key == row.key))
            connection.execute(delete(schema.refinements).where(schema.refinements.c.run_id == run_id))

    def request(self, run_id: str, verb: str) -> RunState:
        """Ask for "stop", "pause", "resume" or "step"; the state of the run afterwards."""
        try:
            answer = VERBS[verb]
        except KeyError:
            raise StoreError(f"unknown request {verb!r}; choose from {', '.join(VERBS)}") from None
        with self._writing() as connection:
            row = run_row(connection, run_id, lock=True)
            if row.discarded is not None:
                raise StoreError(f"run {run_id} was deleted; restore it first")
            values = answer(row)
            if values:
                set_values(connection, row.key, values)
            return RunState(values.get("state", row.state))

    def run(self, run_id: str) -> RunInfo:
        with self._reading() as connection:
            return run_info(run_row(connection, run_id))

    def runs(
        self,
        limit: int | None = None,
        *,
        states: Sequence[RunState] | None = None,
        experiment: str | None = None,
        oldest_first: bool = False,
    ) -> list[RunInfo]:
        """The newest first, unless asked otherwise; none that is in the bin."""
        table = schema.runs
        query = select(table).where(table.c.discarded.is_(None))
        query = query.order_by(table.c.key if oldest_first else table.c.key.desc())
        if states is not None:
            query = query.where(table.c.state.in_(states))
        if experiment is not None:
            query = query.where(table.c.experiment == experiment)
        with self._reading() as connection:
            return [run_info(row) for row in connection.execute(query.limit(limit))]

    def active_runs(self) -> list[RunInfo]:
        return self.runs(states=ACTIVE, oldest_first=True)

    def run_of(self, experiment: str, config: Mapping[str, Any]) -> RunInfo | None:
        """The run of this configuration in an experiment."""
        table = schema.runs
        query = select(table).where(table.c.experiment == experiment, table.c.digest == digest(config))
        with self._reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else run_info(row)

    def experiments(self) -> dict[str, int]:
        """Names of experiments with their numbers of runs."""
        name = schema.runs.c.experiment
        query = select(name, func.count()).where(name.is_not(None)).group_by(name).order_by(name)
        with self._reading() as connection:
            return {each: int(count) for each, count in connection.execute(query).all()}

    def checkpoint(self, run_id: str) -> dict[str, Any] | None:
        table = schema.checkpoints
        with self._reading() as connection:
            query = select(table.c.data).where(table.c.run == run_key(connection, run_id))
            data = connection.execute(query).scalar()
        return None if data is None else unpack_json(data)


def checked_id(run_id: str) -> str:
    """Ids come from URLs: what cannot be one is not even asked for."""
    if not ID.fullmatch(run_id):
        raise NotFoundError(f"there is no run {run_id[: schema.ID_LENGTH]!r} in this database")
    return run_id


def run_row(connection: Connection, run_id: str, *, lock: bool = False) -> Row[Any]:
    query = select(schema.runs).where(schema.runs.c.id == checked_id(run_id))
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFoundError(f"there is no run {run_id!r} in this database")
    return row


def run_key(connection: Connection, run_id: str) -> int:
    query = select(schema.runs.c.key).where(schema.runs.c.id == checked_id(run_id))
    key = connection.execute(query).scalar()
    if key is None:
        raise NotFoundError(f"there is no run {run_id!r} in this database")
    return int(key)


def new_row(config: Mapping[str, Any], name: str, experiment: str | None, policy: str | None) -> Values:
    """A run that waits."""
    schema.check_name(name, "a run")
    if experiment is not None:
        schema.check_name(experiment, "an experiment")
    nothing = dict.fromkeys(("grants", "n_population", "n_population_failed", "n_steps", "elapsed"), 0)
    return {
        **nothing,
        "id": secrets.token_hex(ID_BYTES),
        "name": name,
        "experiment": experiment,
        "digest": digest(config),
        "state": RunState.QUEUED,
        "config": canonical(config),
        "versions": canonical({}),  # those of who works on it
        "created": time.time(),
        "request": Request.RUN,
        "tally": "{}",
        "policy": policy,
    }


def set_values(connection: Connection, key: int, values: Values) -> None:
    connection.execute(update(schema.runs).where(schema.runs.c.key == key).values(values))


def closing(state: RunState, reason: str | None) -> Values:
    return {"state": state, "reason": reason, "ended": time.time(), "token": None, "process": None}


# What the verbs change in the row of a run


def _stop(row: Row[Any]) -> Values:
    if row.state == RunState.QUEUED:
        return closing(RunState.STOPPED, "stopped")
    return {"state": RunState.STOPPING, "request": Request.STOP} if row.state in ACTIVE else {}


def _pause(row: Row[Any]) -> Values:
    return {"request": Request.PAUSE} if row.state == RunState.RUNNING else {}


def _resume(row: Row[Any]) -> Values:
    if row.state in RESUMABLE:
        return {"state": RunState.QUEUED, "reason": None, "ended": None}
    return {"request": Request.RUN, "grants": 0} if row.state in (RunState.RUNNING, RunState.PAUSED) else {}


def _step(row: Row[Any]) -> Values:
    active = row.state in (RunState.RUNNING, RunState.PAUSED)
    return {"request": Request.PAUSE, "grants": row.grants + 1} if active else {}


VERBS: Mapping[str, Callable[[Row[Any]], Values]] = {
    "stop": _stop,
    "pause": _pause,
    "resume": _resume,
    "step": _step,
}


def canonical(config: Mapping[str, Any]) -> str:
    return json.dumps(dict(config), sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest(config: Mapping[str, Any]) -> str:
    """Equal for equal configurations, whatever the order of their keys."""
    return hashlib.sha256(canonical(config).encode()).hexdigest()


def tallies(text: str) -> dict[int, Tally]:
    return {int(action): Tally(*counts) for action, counts in json.loads(text).items()}


# fields of `RunInfo` that are kept in another form: how they are read
FORMS: Mapping[str, Callable[[Any], Any]] = {
    "state": RunState,
    "request": Request,
    "config": json.loads,
    "versions": json.loads,
    "tally": tallies,
    "tags": lambda text: tuple(json.loads(text or "[]")),
    "archived": bool,
}


def run_info(row: Row[Any]) -> RunInfo:
    values = {field.name: row._mapping[field.name] for field in fields(RunInfo)}
    return RunInfo(**values | {name: form(values[name]) for name, form in FORMS.items()})
