"""Alembic environment: migrates on the connection that it is given, in that connection's transaction."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"], version_table=context.config.attributes["version_table"]
)
context.run_migrations()
