"""Embedded stores, servers, scheduler and frontend under one supervisor, for `make run` and tests."""
