"""A table of phase fields."""

from alembic import op

from rlcsp_core.store.schema import fields

revision = "fields"
down_revision = "shelf"


def upgrade() -> None:
    fields.create(op.get_bind())
