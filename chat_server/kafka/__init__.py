"""Everything that chat_server sends to Kafka: events and signals."""
