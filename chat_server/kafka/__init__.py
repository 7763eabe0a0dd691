"""What chat_server produces to Kafka: events and signals."""
