"""The right of one worker to write to a run.

A worker writes under a claim: the row of its run is locked, its token compared, and only then anything is written.
A worker that was declared dead and comes back therefore finds its claim lost instead of spoiling the run.
"""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from rlcsp_core.process import this_process
from rlcsp_core.store import schema
from rlcsp_core.store.database import Connected, DuplicateError
from rlcsp_core.store.records import ACTIVE, RESUMABLE, Claim, ClaimLostError, Request, RunInfo, RunState
from rlcsp_core.store.runs import Values, canonical, checked_id, closing, new_row, run_row, set_values

CLAIMABLE = (RunState.QUEUED, *RESUMABLE)
TOKEN_BYTES = 16


class Claims(Connected):
    """The part of a store that workers use."""

    def create_claimed(
        self,
        config: Mapping[str, Any],
        *,
        name: str,
        experiment: str | None = None,
        policy: str | None = None,
    ) -> Claim | None:
        """A run that its maker works on at once, so that nobody takes it from the queue.

        None if the experiment has a run of this configuration already."""
        row = new_row(config, name, experiment, policy)
        try:
            with self._writing() as connection:
                connection.execute(insert(schema.runs).values(row))
                return claim(connection, row["id"], CLAIMABLE)
        except DuplicateError:
            return None

    def claim(self, run_id: str, states: Sequence[RunState] = CLAIMABLE) -> Claim | None:
        """The right to work on a run; None if it is being worked on, has finished, or is in no such state."""
        with self._writing() as connection:
            mine = claim(connection, checked_id(run_id), states)
            if mine is None:
                run_row(connection, run_id)  # a sentence if there is no such run
            return mine

    def attach(self, mine: Claim, versions: Mapping[str, str]) -> None:
        """The process that calls this does the work from here on, with these versions."""
        self._set(mine, {**at_work(), "versions": canonical(versions)})

    def take_grant(self, mine: Claim) -> None:
        """One of the single steps asked for is about to be made."""
        with self._writing() as connection:
            row = owned(connection, mine)
            set_values(connection, row.key, {"grants": max(row.grants - 1, 0)})

    def mark(self, mine: Claim, state: RunState) -> None:
        """Running or paused."""
        self._set(mine, {"state": state})

    def end(self, mine: Claim, state: RunState, reason: str | None, target_step: int | None = None) -> None:
        """Give the claim back: stopped, failed or interrupted, or with an end that was written elsewhere."""
        self._set(mine, closing(state, reason) | {"target_step": target_step})

    def _set(self, mine: Claim, values: Values) -> None:
        with self._writing() as connection:
            set_values(connection, owned(connection, mine).key, values)

    def declare_dead(self, seen: RunInfo, state: RunState, reason: str) -> bool:
        """End a run whose worker has vanished; False if it has shown life since `seen` was read."""
        runs = schema.runs
        dead = (runs.c.id == seen.id, runs.c.state.in_(ACTIVE), runs.c.heartbeat == seen.heartbeat)
        with self._writing() as connection:
            return connection.execute(update(runs).where(*dead).values(closing(state, reason))).rowcount == 1


def claim(connection: Connection, run_id: str, states: Sequence[RunState]) -> Claim | None:
    """Become the worker of a run in one of these states; None if it is in another, or someone was faster."""
    mine = Claim(run_id, secrets.token_hex(TOKEN_BYTES))
    values: Values = {
        **at_work(),
        "state": RunState.RUNNING,
        "token": mine.token,
        "request": Request.RUN,
        "grants": 0,
        "reason": None,
        "ended": None,
    }
    runs = schema.runs
    free = (runs.c.id == run_id, runs.c.state.in_(states), runs.c.discarded.is_(None))
    statement = update(runs).where(*free).values(values)
    if connection.execute(statement).rowcount != 1:
        return None
    unstarted = update(runs).where(runs.c.id == run_id, runs.c.started.is_(None))
    connection.execute(unstarted.values(started=values["heartbeat"]))
    return mine


def at_work() -> Values:
    """Who works on a run from now on: this process, until it hands the run over."""
    return {"host": socket.gethostname(), "process": this_process(), "heartbeat": time.time()}


def owned(connection: Connection, mine: Claim) -> Row[Any]:
    """The locked row of the run this claim is for."""
    runs = schema.runs
    query = select(runs).where(runs.c.id == mine.run_id, runs.c.token == mine.token).with_for_update()
    row = connection.execute(query).first()
    if row is None:
        raise ClaimLostError(f"run {mine.run_id} was deleted or taken over by another worker")
    return row
