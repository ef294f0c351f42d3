"""Runs, their histories, structures and checkpoints."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None

BLOB = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")


def run() -> sa.Column[int]:
    return sa.Column(
        "run",
        sa.Integer,
        sa.ForeignKey("runs.key", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )


def key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, primary_key=True, autoincrement=False)


def required(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("key", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(16), nullable=False, unique=True),
        required("name", sa.String(120)),
        sa.Column("experiment", sa.String(120)),
        required("digest", sa.String(64)),
        required("state", sa.String(16)),
        sa.Column("reason", sa.Text),
        required("config", sa.Text),
        required("versions", sa.Text),
        required("created", sa.Double),
        sa.Column("started", sa.Double),
        sa.Column("ended", sa.Double),
        sa.Column("heartbeat", sa.Double),
        sa.Column("host", sa.String(255)),
        sa.Column("pid", sa.Integer),
        sa.Column("token", sa.String(32)),
        required("request", sa.String(8)),
        required("grants", sa.Integer),
        required("detached", sa.SmallInteger),
        required("n_population", sa.Integer),
        required("n_population_failed", sa.Integer),
        required("n_steps", sa.Integer),
        required("elapsed", sa.Double),
        sa.Column("best_energy", sa.Double),
        sa.Column("best_step", sa.Integer),
        sa.Column("target_step", sa.Integer),
        required("tally", sa.Text),
        sa.UniqueConstraint("experiment", "digest", name="runs_of_experiment"),
    )
    op.create_index("runs_by_state", "runs", ["state", "key"])
    op.create_table("checkpoints", run(), required("data", BLOB))
    op.create_table(
        "population",
        run(),
        key("number"),
        required("attempts", sa.Integer),
        sa.Column("energy", sa.Double),
        sa.Column("reason", sa.String(200)),
        required("evaluations", sa.Integer),
        required("seconds", sa.Double),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "steps",
        run(),
        key("step"),
        required("action", sa.SmallInteger),
        required("attempts", sa.Integer),
        sa.Column("energy", sa.Double),
        sa.Column("reason", sa.String(200)),
        required("accepted", sa.SmallInteger),
        sa.Column("current_energy", sa.Double),
        sa.Column("best_energy", sa.Double),
        sa.Column("reward", sa.Double),
        required("probabilities", sa.LargeBinary(1024)),
        required("kT", sa.Double),
        required("n_atoms", sa.SmallInteger),
        required("evaluations", sa.Integer),
        required("relax_seconds", sa.Double),
        required("elapsed", sa.Double),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "updates",
        run(),
        key("step"),
        required("theta", BLOB),
        sa.Column("gradient_norm", sa.Double),
        sa.Column("entropy", sa.Double),
        sa.Column("kl", sa.Double),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "structures",
        run(),
        sa.Column("source", sa.String(12), primary_key=True),
        key("number"),
        sa.Column("relaxed", sa.SmallInteger, primary_key=True, autoincrement=False),
        required("n_atoms", sa.SmallInteger),
        sa.Column("energy", sa.Double),
        required("data", BLOB),
    )
