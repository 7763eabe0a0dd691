"""Fixtures for every test: real stores, and our servers as processes of their own."""

pytest_plugins = ["tests.stores.fixtures", "tests.chat_stack"]
