"""Alembic migrations, run at start under an advisory lock, so that any number of servers may start at once."""
