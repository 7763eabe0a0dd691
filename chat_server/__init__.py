"""The REST server: stores messages and sends their events to Kafka."""
