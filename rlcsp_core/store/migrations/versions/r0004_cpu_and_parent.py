"""CPU time of a run at each step, and the step that made what the action changed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("steps", sa.Column("cpu_seconds", sa.Double))
    op.add_column("steps", sa.Column("parent", sa.Integer))
