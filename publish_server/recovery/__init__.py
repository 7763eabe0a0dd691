"""Calls to chat_server for events that Kafka did not deliver or that left memory."""
