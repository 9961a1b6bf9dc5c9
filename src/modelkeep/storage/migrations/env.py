"""What Alembic runs. The caller (`storage/migrate.py`) hands over the connection and its transaction."""

from alembic import context

from modelkeep.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
