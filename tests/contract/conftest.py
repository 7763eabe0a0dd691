"""The chat_server and the people of the REST tests."""

from tests.api.conftest import chat_server, people

__all__ = ["chat_server", "people"]
