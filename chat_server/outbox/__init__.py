"""From a committed event to Kafka: at once by the producer, later by the relay; nothing waits and nothing is lost."""
