"""Entry point for Alembic. Uses the connection of `chat_server.postgres.migrate.migrate`."""

from alembic import context

from chat_server.postgres.models import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
