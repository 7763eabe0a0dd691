"""Makes sure that every committed event reaches Kafka: the producer sends it at once, or the relay sends it later."""
