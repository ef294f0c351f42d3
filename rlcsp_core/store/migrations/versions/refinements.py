"""A table of structures relaxed again by a second model."""

from alembic import op

from rlcsp_core.store.schema import refinements

revision = "refinements"
down_revision = "initial"


def upgrade() -> None:
    refinements.create(op.get_bind())
