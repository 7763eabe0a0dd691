"""The REST server: stores what people write and hands it to Kafka."""
