"""Liveness and readiness of chat_server."""
