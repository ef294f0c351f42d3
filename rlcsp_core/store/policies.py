"""A policy that several runs share (RL-CSP, section 3.3): one θ in the database that all of them read and update.

    θ ← θ + Δ,   Δ what a run's own learning rule has found, with α = 0.01

The row is locked from reading θ to writing it, so no update is lost however many runs write at once; an update that is
offered twice (by a worker that was killed before it heard that the first had been made) counts once.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, insert, select, update

from rlcsp_core.errors import NotFoundError, StoreError
from rlcsp_core.records import Array
from rlcsp_core.store import schema
from rlcsp_core.store.packing import floats, pack_matrix, unpack_matrices
from rlcsp_core.store.records import PolicyTable, SharedPolicy


def check_name(name: str) -> None:
    """StoreError for what not every database takes."""
    if not 0 < len(name) <= schema.NAME_LENGTH or "\0" in name:
        raise StoreError(
            f"the name of a shared policy has 1 to {schema.NAME_LENGTH} characters, got {len(name)}"
        )


def create(connection: Connection, name: str, theta: Array) -> None:
    """A policy of this name, unless there is one."""
    if (
        connection.execute(select(schema.policies.c.key).where(schema.policies.c.name == name)).first()
        is None
    ):
        connection.execute(insert(schema.policies).values(name=name, version=0, theta=pack_matrix(theta)))


def locked(connection: Connection, name: str) -> Row[Any]:
    row = connection.execute(
        select(schema.policies).where(schema.policies.c.name == name).with_for_update()
    ).first()
    if row is None:
        raise NotFoundError(f"there is no shared policy {name!r} in this database")
    return row


def read(connection: Connection, name: str) -> SharedPolicy:
    row = connection.execute(select(schema.policies).where(schema.policies.c.name == name)).first()
    if row is None:
        raise NotFoundError(f"there is no shared policy {name!r} in this database")
    return _policy(row)


def _policy(row: Row[Any]) -> SharedPolicy:
    return SharedPolicy(row.name, row.version, unpack_matrices([row.theta])[0])


def names(connection: Connection) -> list[str]:
    return list(connection.execute(select(schema.policies.c.name).order_by(schema.policies.c.name)).scalars())


def add(connection: Connection, name: str, delta: Array, run_id: str, step: int) -> SharedPolicy:
    """θ + Δ, and the policy as it is then."""
    row = locked(connection, name)
    history = schema.policy_updates
    mine = (history.c.policy == row.key, history.c.run_id == run_id, history.c.step == step)
    policy = _policy(row)
    if connection.execute(select(history.c.version).where(*mine)).first() is not None:
        return policy
    if delta.shape != policy.theta.shape:
        raise StoreError(
            f"shared policy {name!r} has parameters of shape {policy.theta.shape}, this run of {delta.shape}; "
            "runs share a policy only with the same set of actions"
        )
    if not np.isfinite(delta).all():
        raise StoreError(f"run {run_id} offered an update of {name!r} that is not finite")
    theta = pack_matrix(policy.theta + delta)
    version = row.version + 1
    connection.execute(
        update(schema.policies).where(schema.policies.c.key == row.key).values(version=version, theta=theta)
    )
    values = {"policy": row.key, "version": version, "run_id": run_id, "step": step, "time": time.time()}
    connection.execute(insert(history).values(**values, theta=theta))
    return SharedPolicy(name, version, policy.theta + delta)


def grown(connection: Connection, name: str, after: int) -> PolicyTable:
    """The policy after each of its updates."""
    h, p = schema.policy_updates, schema.policies
    query = (
        select(h)
        .join(p, p.c.key == h.c.policy)
        .where(p.c.name == name, h.c.version > after)
        .order_by(h.c.version)
    )
    rows = connection.execute(query).all()
    return PolicyTable(
        version=np.array([row.version for row in rows], dtype=np.int64),
        run_id=tuple(row.run_id for row in rows),
        step=np.array([row.step for row in rows], dtype=np.int64),
        time=floats([row.time for row in rows]),
        theta=unpack_matrices([row.theta for row in rows]),
    )
