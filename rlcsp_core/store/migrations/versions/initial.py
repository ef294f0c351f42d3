"""The first released schema.  Later ones are reached from it; a new database is made at the present one directly."""

from alembic import op

from rlcsp_core.store.schema import metadata

revision = "initial"
down_revision = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
