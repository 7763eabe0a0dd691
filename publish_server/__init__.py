"""Fan-out: reads every event from Kafka and writes it to the open streams. Holds nothing that cannot be made anew."""
