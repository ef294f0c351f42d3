"""A policy that several runs share (RL-CSP, section 3.3): one θ in the database that all of them read and update.

    θ ← θ + Δ,   Δ what a run's own learning rule has found, with α = 0.01

The row is locked from reading θ to writing it, so no update is lost however many runs write at once; an update that is
offered twice (by a worker that was killed before it heard that the first had been made) counts once.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, insert, select, update

from rlcsp_core.errors import NotFoundError, StoreError
from rlcsp_core.records import Array
from rlcsp_core.store import schema
from rlcsp_core.store.columns import table_of
from rlcsp_core.store.database import Connected, DuplicateError
from rlcsp_core.store.packing import pack_matrix, unpack_matrices
from rlcsp_core.store.records import PolicyTable, SharedPolicy


class Policies(Connected):
    """The part of a store that keeps policies which runs share."""

    def create_policy(self, name: str, theta: Array) -> SharedPolicy:
        """The policy of this name; made from theta [A, F] if there is none."""
        schema.check_name(name, "a shared policy")
        with suppress(DuplicateError), self._writing() as connection:  # another run may be faster
            connection.execute(insert(schema.policies).values(name=name, version=0, theta=pack_matrix(theta)))
        return self.policy(name)

    def policy(self, name: str) -> SharedPolicy:
        with self._reading() as connection:
            return _policy(_row(connection, name))

    def policy_names(self) -> list[str]:
        name = schema.policies.c.name
        with self._reading() as connection:
            return list(connection.execute(select(name).order_by(name)).scalars())

    def add_to_policy(self, name: str, delta: Array, *, run_id: str, step: int) -> SharedPolicy:
        """θ ← θ + delta [A, F], once for each step of a run; the policy as it is then, with the others' updates."""
        p, h = schema.policies, schema.policy_updates
        with self._writing() as connection:
            row = _row(connection, name, lock=True)
            policy = _policy(row)
            offered = (h.c.policy == row.key, h.c.run_id == run_id, h.c.step == step)
            if connection.execute(select(h.c.version).where(*offered)).first() is not None:
                return policy
            _check_delta(policy, delta, run_id)
            grown = SharedPolicy(name, policy.version + 1, policy.theta + delta)
            now = {"version": grown.version, "theta": pack_matrix(grown.theta)}
            connection.execute(update(p).where(p.c.key == row.key).values(now))
            made = {"policy": row.key, "run_id": run_id, "step": step, "time": time.time(), **now}
            connection.execute(insert(h).values(made))
            return grown

    def policy_history(self, name: str, after: int = 0) -> PolicyTable:
        """Its updates with version > after."""
        h, p = schema.policy_updates, schema.policies
        query = select(*(h.c[field.name] for field in PolicyTable.fields())).join(p, p.c.key == h.c.policy)
        query = query.where(p.c.name == name, h.c.version > after).order_by(h.c.version)
        with self._reading() as connection:
            return table_of(PolicyTable, connection.execute(query).all())


def _check_delta(policy: SharedPolicy, delta: Array, run_id: str) -> None:
    if delta.shape != policy.theta.shape:
        raise StoreError(
            f"shared policy {policy.name!r} has parameters of shape {policy.theta.shape}, this run of {delta.shape}; "
            "runs share a policy only with the same set of actions"
        )
    if not np.isfinite(delta).all():
        raise StoreError(f"run {run_id} offered an update of {policy.name!r} that is not finite")


def _row(connection: Connection, name: str, *, lock: bool = False) -> Row[Any]:
    query = select(schema.policies).where(schema.policies.c.name == name)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFoundError(f"there is no shared policy {name!r} in this database")
    return row


def _policy(row: Row[Any]) -> SharedPolicy:
    return SharedPolicy(row.name, row.version, unpack_matrices([row.theta])[0])
