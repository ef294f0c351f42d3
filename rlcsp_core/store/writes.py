"""Runs made, claimed, closed and asked for something; each function is part of a transaction that the caller holds.

A worker writes under a claim: the row of its run is locked, its token compared, and only then anything is written.
A worker that was declared dead and comes back therefore finds its claim lost instead of spoiling the run.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from rlcsp_core.errors import NotFoundError, StoreError
from rlcsp_core.store import schema
from rlcsp_core.store.records import (
    ACTIVE,
    RESUMABLE,
    Claim,
    ClaimLostError,
    Request,
    RunInfo,
    RunState,
)

ID_BYTES = 5  # of a run's id: a million runs collide with probability 0.4
TOKEN_BYTES = 16
Values = dict[str, Any]


def canonical(config: Mapping[str, Any]) -> str:
    return json.dumps(dict(config), sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest(config: Mapping[str, Any]) -> str:
    """Equal for equal configurations, whatever the order of their keys.

    One that names no potential, as before there were several, means the first of them."""
    named = {key: value for key, value in config.items() if (key, value) != ("potential", "ysrtio")}
    return hashlib.sha256(canonical(named).encode()).hexdigest()


def new_token() -> str:
    return secrets.token_hex(TOKEN_BYTES)


def create_run(
    connection: Connection,
    config: Mapping[str, Any],
    name: str,
    experiment: str | None,
    versions: Mapping[str, str],
    detached: bool,
    policy: str | None = None,
) -> str:
    if experiment is not None and not 0 < len(experiment) <= schema.NAME_LENGTH:
        raise StoreError(
            f"the name of an experiment has 1 to {schema.NAME_LENGTH} characters, got {len(experiment)}"
        )
    run_id = secrets.token_hex(ID_BYTES)
    row = {
        "id": run_id,
        "name": name[: schema.NAME_LENGTH],
        "experiment": experiment,
        "digest": digest(config),
        "state": RunState.QUEUED,
        "config": canonical(config),
        "versions": canonical(versions),
        "created": time.time(),
        "request": Request.RUN,
        "grants": 0,
        "detached": int(detached),
        "n_population": 0,
        "n_population_failed": 0,
        "n_steps": 0,
        "elapsed": 0.0,
        "tally": "{}",
        "policy": policy,
    }
    connection.execute(insert(schema.runs).values(row))
    return run_id


def claim(connection: Connection, run_id: str, states: Sequence[RunState]) -> Claim | None:
    """Become the worker of a run in one of these states; None if it is in another, or someone was faster."""
    mine = Claim(run_id, new_token())
    now = time.time()
    values: Values = {
        "state": RunState.RUNNING,
        "token": mine.token,
        "request": Request.RUN,
        "grants": 0,
        "heartbeat": now,
        "host": socket.gethostname(),
        "pid": None,
        "reason": None,
        "ended": None,
    }
    runs = schema.runs
    statement = update(runs).where(runs.c.id == run_id, runs.c.state.in_(states)).values(values)
    if connection.execute(statement).rowcount != 1:
        return None
    connection.execute(update(runs).where(runs.c.id == run_id, runs.c.started.is_(None)).values(started=now))
    return mine


def owned(connection: Connection, mine: Claim) -> Row[Any]:
    """The locked row of the run this claim is for."""
    runs = schema.runs
    query = select(runs).where(runs.c.id == mine.run_id, runs.c.token == mine.token).with_for_update()
    row = connection.execute(query).first()
    if row is None:
        raise ClaimLostError(f"run {mine.run_id} was deleted or taken over by another worker")
    return row


def set_values(connection: Connection, mine: Claim, values: Values) -> None:
    row = owned(connection, mine)
    connection.execute(update(schema.runs).where(schema.runs.c.key == row.key).values(values))


def attach(connection: Connection, mine: Claim, versions: Mapping[str, str]) -> None:
    """The process that calls this does the work from here on."""
    place = {"pid": os.getpid(), "host": socket.gethostname(), "heartbeat": time.time()}
    set_values(connection, mine, {**place, "versions": canonical(versions)})


def close(connection: Connection, mine: Claim, state: RunState, reason: str) -> None:
    set_values(connection, mine, closing(state, reason))


def closing(state: RunState, reason: str | None) -> Values:
    return {"state": state, "reason": reason, "ended": time.time(), "token": None, "pid": None}


def declare_dead(connection: Connection, seen: RunInfo, state: RunState, reason: str) -> bool:
    """End a run whose worker has vanished, unless it has shown life since `seen` was read."""
    runs = schema.runs
    statement = (
        update(runs)
        .where(runs.c.id == seen.id, runs.c.state.in_(ACTIVE), runs.c.heartbeat == seen.heartbeat)
        .values(closing(state, reason))
    )
    return connection.execute(statement).rowcount == 1


def request(connection: Connection, run_id: str, verb: str) -> RunState:
    """Ask a run for something; the state it is in afterwards."""
    runs = schema.runs
    row = connection.execute(select(runs).where(runs.c.id == run_id).with_for_update()).first()
    if row is None:
        raise NotFoundError(f"there is no run {run_id!r} in this database")
    try:
        answer = VERBS[verb]
    except KeyError:
        raise StoreError(f"unknown request {verb!r}; choose from {', '.join(VERBS)}") from None
    values = answer(row)
    if values:
        connection.execute(update(runs).where(runs.c.key == row.key).values(values))
    return RunState(values.get("state", row.state))


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


VERBS = {"stop": _stop, "pause": _pause, "resume": _resume, "step": _step}


def delete_run(connection: Connection, run_id: str) -> None:
    runs = schema.runs
    state = connection.execute(select(runs.c.state).where(runs.c.id == run_id).with_for_update()).scalar()
    if state is None:
        raise NotFoundError(f"there is no run {run_id!r} in this database")
    if state in ACTIVE:
        raise StoreError(f"run {run_id} is still working; stop it before deleting it")
    connection.execute(delete(runs).where(runs.c.id == run_id))  # the rest goes with it by the foreign keys
