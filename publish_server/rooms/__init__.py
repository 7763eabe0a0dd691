"""Rooms that somebody watches: what Kafka and chat_server report is put in order here."""
