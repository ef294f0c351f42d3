"""Called by Alembic: runs the migrations on the connection that `database.prepare` holds."""

from alembic import context

from rlcsp_core.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
