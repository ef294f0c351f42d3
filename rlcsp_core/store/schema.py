"""The tables, in a form that SQLite, PostgreSQL and MySQL/MariaDB share.

Text keys are bounded (MySQL indexes need it), blobs are MEDIUMBLOB on MySQL, booleans are small integers, moments are
Unix time in seconds.  Histories are keyed by (run, number), so that a window of steps, or the steps after the last one
seen, is read through the primary key.  On SQLite they are stored in that key's own tree, without a second index.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import mysql

REVISION = "0005"  # of this schema; the migrations lead from every released one to it

ID_LENGTH = 16
NAME_LENGTH = 120
REASON_LENGTH = 200  # of one step; longer ones are cut

Blob = LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")

metadata = MetaData()


def run_key() -> Column[int]:
    """Part of every history's primary key; histories go with their run."""
    return Column(
        "run", Integer, ForeignKey("runs.key", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )


def number(name: str) -> Column[int]:
    return Column(name, Integer, primary_key=True, autoincrement=False)


revision = Table("alembic_version", metadata, Column("version_num", String(32), primary_key=True))

runs = Table(
    "runs",
    metadata,
    Column("key", Integer, primary_key=True, autoincrement=True),
    Column("id", String(ID_LENGTH), nullable=False, unique=True),
    Column("name", String(NAME_LENGTH), nullable=False),
    Column("experiment", String(NAME_LENGTH)),
    Column("digest", String(64), nullable=False),  # of the configuration
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    Column("config", Text, nullable=False),
    Column("versions", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("started", Double),
    Column("ended", Double),
    Column("heartbeat", Double),
    Column("host", String(255)),
    Column("pid", Integer),
    Column("token", String(32)),  # of the worker that may write
    Column("request", String(8), nullable=False),
    Column("grants", Integer, nullable=False),  # single steps asked for and not yet taken
    Column("detached", SmallInteger, nullable=False),
    Column("n_population", Integer, nullable=False),
    Column("n_population_failed", Integer, nullable=False),
    Column("n_steps", Integer, nullable=False),
    Column("elapsed", Double, nullable=False),
    Column("best_energy", Double),
    Column("best_step", Integer),
    Column("target_step", Integer),
    Column("tally", Text, nullable=False),
    Column("policy", String(NAME_LENGTH)),  # the shared one that it reads and updates
    # one run for each configuration of an experiment, whoever asks first; runs without experiment are not bound
    UniqueConstraint("experiment", "digest", name="runs_of_experiment"),
    Index("runs_by_state", "state", "key"),
)

checkpoints = Table("checkpoints", metadata, run_key(), Column("data", Blob, nullable=False))

population = Table(
    "population",
    metadata,
    run_key(),
    number("number"),
    Column("attempts", Integer, nullable=False),
    Column("energy", Double),
    Column("reason", String(REASON_LENGTH)),
    Column("evaluations", Integer, nullable=False),
    Column("seconds", Double, nullable=False),
    sqlite_with_rowid=False,
)

steps = Table(
    "steps",
    metadata,
    run_key(),
    number("step"),
    Column("action", SmallInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("energy", Double),
    Column("reason", String(REASON_LENGTH)),
    Column("accepted", SmallInteger, nullable=False),
    Column("current_energy", Double),
    Column("best_energy", Double),
    Column("reward", Double),
    Column("probabilities", LargeBinary(1024), nullable=False),
    Column("kT", Double, nullable=False),
    Column("n_atoms", SmallInteger, nullable=False),
    Column("evaluations", Integer, nullable=False),
    Column("relax_seconds", Double, nullable=False),
    Column("elapsed", Double, nullable=False),
    Column("cpu_seconds", Double),  # runs of older versions have none, nor parents
    Column("parent", Integer),
    sqlite_with_rowid=False,
)

updates = Table(
    "updates",
    metadata,
    run_key(),
    number("step"),
    Column("theta", Blob, nullable=False),
    Column("gradient_norm", Double),
    Column("entropy", Double),
    Column("kl", Double),
    sqlite_with_rowid=False,
)

structures = Table(
    "structures",
    metadata,
    run_key(),
    Column("source", String(12), primary_key=True),
    number("number"),
    Column("relaxed", SmallInteger, primary_key=True, autoincrement=False),
    Column("n_atoms", SmallInteger, nullable=False),
    Column("energy", Double),
    Column("data", Blob, nullable=False),
    # all but the atoms: the lowest of many runs are found without reading those
    Index("structures_by_energy", "run", "relaxed", "energy", "source", "number", "n_atoms"),
)

policies = Table(
    "policies",
    metadata,
    Column("key", Integer, primary_key=True, autoincrement=True),
    Column("name", String(NAME_LENGTH), nullable=False, unique=True),
    Column("version", Integer, nullable=False),  # updates so far
    Column("theta", Blob, nullable=False),
)

policy_updates = Table(
    "policy_updates",
    metadata,
    Column(
        "policy",
        Integer,
        ForeignKey("policies.key", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    number("version"),
    Column(
        "run_id", String(ID_LENGTH), nullable=False
    ),  # kept when the run is deleted: the policy still holds it
    Column("step", Integer, nullable=False),
    Column("time", Double, nullable=False),
    Column("theta", Blob, nullable=False),  # after the update
    # a worker that was killed between two writes may offer the same update again
    UniqueConstraint("policy", "run_id", "step", name="one_update_a_step"),
)
