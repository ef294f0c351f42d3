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
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from rlcsp_core import tables
from rlcsp_core.errors import StoreError
from rlcsp_core.store.columns import REASON_LENGTH, Blob, sql_columns

REVISION = "fields"  # of this schema; the migrations lead from every released one to it

ID_LENGTH = 16
NAME_LENGTH = 120

metadata = MetaData()


def check_name(name: str, of: str) -> None:
    """StoreError for what not every database takes, or what no list can show."""
    if not 0 < len(name) <= NAME_LENGTH or not name.isprintable():
        raise StoreError(
            f"the name of {of} is one line of 1 to {NAME_LENGTH} characters, got {name[:40]!r} of {len(name)}"
        )


def owner(name: str, table: str) -> Column[int]:
    """Part of a history's primary key: whose it is, and with whom it goes."""
    key = ForeignKey(f"{table}.key", ondelete="CASCADE")
    return Column(name, Integer, key, primary_key=True, autoincrement=False)


def history(name: str, table: type[tables.Table]) -> Table:
    return Table(name, metadata, owner("run", "runs"), *sql_columns(table), sqlite_with_rowid=False)


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
    Column("process", String(120)),  # the worker
    Column("token", String(32)),  # of the worker that may write
    Column("request", String(8), nullable=False),
    Column("grants", Integer, nullable=False),  # single steps asked for and not yet taken
    Column("n_population", Integer, nullable=False),
    Column("n_population_failed", Integer, nullable=False),
    Column("n_steps", Integer, nullable=False),
    Column("elapsed", Double, nullable=False),
    Column("best_energy", Double),
    Column("best_step", Integer),
    Column("target_step", Integer),
    Column("tally", Text, nullable=False),
    Column("policy", String(NAME_LENGTH)),  # the shared one that it reads and updates
    Column("title", String(NAME_LENGTH)),  # what a person calls it
    Column("tags", Text),  # a list, as JSON
    Column("archived", SmallInteger),
    Column("discarded", Double),  # when it was put into the bin
    Column("discarded_from", String(NAME_LENGTH)),  # the experiment it belonged to
    # one run for each configuration of an experiment, whoever asks first; runs without experiment are not bound
    UniqueConstraint("experiment", "digest", name="runs_of_experiment"),
    Index("runs_by_state", "state", "key"),
)

checkpoints = Table("checkpoints", metadata, owner("run", "runs"), Column("data", Blob, nullable=False))
population = history("population", tables.PopulationTable)
steps = history("steps", tables.StepTable)
updates = history("updates", tables.UpdateTable)

structures = Table(
    "structures",
    metadata,
    owner("run", "runs"),
    Column("source", String(12), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("relaxed", SmallInteger, primary_key=True, autoincrement=False),
    Column("n_atoms", SmallInteger, nullable=False),
    Column("energy", Double),
    Column("data", Blob, nullable=False),
    # all but the atoms: the lowest of many runs are found without reading those
    Index("structures_by_energy", "run", "relaxed", "energy", "source", "number", "n_atoms"),
)

# found structures relaxed again by another model.  The run may be one that came with the program and is in no table,
# so its id is no foreign key; `delete_run` sees to those of its own
refinements = Table(
    "refinements",
    metadata,
    Column("run_id", String(ID_LENGTH), primary_key=True),
    Column("source", String(12), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("model", String(NAME_LENGTH), primary_key=True),
    Column("version", String(NAME_LENGTH), nullable=False),  # of the model's package
    Column("energy", Double),
    Column("reason", String(REASON_LENGTH)),  # why there is no energy
    Column("evaluations", Integer, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("data", Blob),  # the relaxed crystal; none without an energy
)

# what phase fields are to find out, as their files said it; runs are found by the name, as those of an experiment
fields = Table(
    "fields",
    metadata,
    Column("name", String(NAME_LENGTH), primary_key=True),
    Column("definition", Text, nullable=False),  # as JSON
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
    owner("policy", "policies"),
    Column("version", Integer, primary_key=True, autoincrement=False),
    # kept when the run is deleted: the policy still holds what it learned
    Column("run_id", String(ID_LENGTH), nullable=False),
    Column("step", Integer, nullable=False),
    Column("time", Double, nullable=False),
    Column("theta", Blob, nullable=False),  # after the update
    # a worker that was killed between two writes may offer the same update again
    UniqueConstraint("policy", "run_id", "step", name="one_update_a_step"),
)
