"""The first released schema.  Later ones are reached from it; a new database is made at the present one directly."""

from alembic import op

from rlcsp_core.store.schema import metadata

revision = "initial"
down_revision = None
LATER = ("refinements", "fields")  # tables that migrations of their own make


def upgrade() -> None:
    metadata.create_all(op.get_bind(), [table for table in metadata.sorted_tables if table.name not in LATER])
