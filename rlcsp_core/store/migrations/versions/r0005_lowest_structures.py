"""The lowest structures of many runs without reading atoms."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_index(
        "structures_by_energy", "structures", ["run", "relaxed", "energy", "source", "number", "n_atoms"]
    )
