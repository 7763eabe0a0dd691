"""Ensures that every committed event reaches Kafka: from the producer at once, or from the relay later."""
