"""Policies that several runs share."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"

BLOB = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "policies",
        sa.Column("key", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(120), nullable=False, unique=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("theta", BLOB, nullable=False),
    )
    op.create_table(
        "policy_updates",
        sa.Column(
            "policy",
            sa.Integer,
            sa.ForeignKey("policies.key", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("run_id", sa.String(16), nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("time", sa.Double, nullable=False),
        sa.Column("theta", BLOB, nullable=False),
        sa.UniqueConstraint("policy", "run_id", "step", name="one_update_a_step"),
    )
