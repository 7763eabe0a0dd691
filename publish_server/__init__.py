"""Fan-out: reads every event from Kafka and writes it to the open streams. All its state can be rebuilt."""
