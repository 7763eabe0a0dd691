"""Kafka records into the hub."""
