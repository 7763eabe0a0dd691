"""The chat_server and the people of the API tests."""

from tests.api.conftest import chat_server, people, publish_server

__all__ = ["chat_server", "people", "publish_server"]
