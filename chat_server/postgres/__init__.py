"""Postgres: pools, models, migrations, retention, and whether it is up."""
