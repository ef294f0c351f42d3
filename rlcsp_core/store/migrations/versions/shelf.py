"""Titles, tags, the archive and the bin; a database made at a later revision has these columns already."""

from alembic import op
from sqlalchemy import Column, inspect

from rlcsp_core.store.schema import runs

revision = "shelf"
down_revision = "refinements"
NEW = ("title", "tags", "archived", "discarded", "discarded_from")


def upgrade() -> None:
    present = {column["name"] for column in inspect(op.get_bind()).get_columns(runs.name)}
    for name in NEW:
        if name not in present:
            op.add_column(runs.name, Column(name, runs.c[name].type, nullable=True))
