"""Alembic's entry: run the migrations on the connection and in the transaction that the caller opened."""

from alembic import context

from alloop.records.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the caller's transaction holds all of it
)
context.run_migrations()
